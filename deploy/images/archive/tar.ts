/**
 * Tar archives (POSIX ustar) whose bytes depend on nothing but names, modes,
 * owners and contents: every time is 1970.
 */

/** One entry. Folders have no content; a name is at most 100 bytes long. */
export interface TarEntry {
  readonly name: string;
  readonly content: Uint8Array | undefined;
  /** Permission bits. Default: 0755 of a folder, 0644 of a file. */
  readonly mode?: number;
  /** User and group. Default: 0. */
  readonly owner?: number;
}

const BLOCK = 512;

/** The archive's bytes, in pieces. Throws where a name is too long. */
export function* tar(entries: Iterable<TarEntry>): Generator<Uint8Array> {
  for (const entry of entries) {
    yield header(entry);
    if (entry.content === undefined) continue;
    yield entry.content;
    yield Buffer.alloc(-entry.content.length & (BLOCK - 1));
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Fields by offset and length, numbers in octal; the checksum counts itself as blanks. */
function header({ name, content, mode, owner = 0 }: TarEntry): Uint8Array {
  const isFolder = content === undefined;
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is longer than the 100 bytes of a tar entry's name`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, "0"), offset, "latin1");
  block.write(name, 0);
  octal(mode ?? (isFolder ? 0o755 : 0o644), 100, 8);
  octal(owner, 108, 8);
  octal(owner, 116, 8);
  octal(content?.length ?? 0, 124, 12);
  octal(0, 136, 12);
  block.write("        ", 148);
  block.write(isFolder ? "5" : "0", 156);
  block.write("ustar\u000000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
