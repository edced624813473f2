import { crc32 } from "node:zlib";
import { archive } from "@wayward/api";
import { asBuffer, WaywardError } from "@wayward/base";
import { CHUNK_FORMAT, CHUNK_MAGIC, TRAILER_BYTES } from "./encode.ts";

/** Bytes of footer and trailer together, from a chunk's last 12 bytes. Error DATA_LOSS / BAD_CHUNK. */
export function footerLength(trailer: Uint8Array): number {
  const bytes = asBuffer(trailer);
  if (bytes.length !== TRAILER_BYTES) throw bad(`trailer has ${bytes.length} bytes, not ${TRAILER_BYTES}`);
  const magic = bytes.readUInt32LE(8);
  if (magic !== CHUNK_MAGIC) throw bad(`magic is 0x${magic.toString(16)}, not 0x${CHUNK_MAGIC.toString(16)}`);
  return bytes.readUInt32LE(0) + TRAILER_BYTES;
}

/** The footer, from bytes that end where the chunk ends. Error DATA_LOSS / BAD_CHUNK. */
export function decodeFooter(tail: Uint8Array): archive.ChunkFooter {
  const bytes = asBuffer(tail);
  const length = footerLength(bytes.subarray(Math.max(0, bytes.length - TRAILER_BYTES)));
  if (length > bytes.length) throw bad(`the footer needs ${length} bytes, ${bytes.length} are there`);
  const footer = bytes.subarray(bytes.length - length, bytes.length - TRAILER_BYTES);
  const declared = bytes.readUInt32LE(bytes.length - 8);
  if (crc32(footer) !== declared) throw bad("the footer's checksum is wrong");
  const decoded = archive.ChunkFooter.decode(footer);
  if (decoded.format !== CHUNK_FORMAT) throw bad(`format is ${decoded.format}, this release reads ${CHUNK_FORMAT}`);
  return decoded;
}

/** The serialised block that an index entry names. `chunk` is the whole object. */
export function blockAt(chunk: Uint8Array, entry: archive.ChunkBlock): Uint8Array {
  const end = Number(entry.offset) + entry.length;
  if (end > chunk.length) throw bad(`block ${entry.seq} ends at ${end}, the chunk has ${chunk.length} bytes`);
  return chunk.subarray(Number(entry.offset), end);
}

function bad(message: string): WaywardError {
  return new WaywardError("DATA_LOSS", "BAD_CHUNK", `chunk: ${message}`);
}
