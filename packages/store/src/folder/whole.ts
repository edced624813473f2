import type { FileHandle } from "node:fs/promises";

/**
 * Writes every byte of the pieces. The system may take fewer bytes than it is
 * given without an error, as on a disk that fills up; the next attempt gets
 * the error, which is thrown as it is.
 */
export async function writeAll(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let left = pieces.filter(({ length }) => length > 0);
  while (left.length > 0) left = without(left, (await file.writev(left)).bytesWritten);
}

/** These bytes of the file, or undefined if it ends before them. */
export async function readAll(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, offset + at);
    if (bytesRead === 0) return undefined;
    at += bytesRead;
  }
  return bytes;
}

/** What is left of the pieces after so many bytes of them. */
function without(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = bytes;
  for (const piece of pieces) {
    if (skip < piece.length) left.push(piece.subarray(skip));
    skip = Math.max(0, skip - piece.length);
  }
  return left;
}
