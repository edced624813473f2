import type { archive } from "@wayward/api";
import { decodeFooter, footerLength } from "./decode.ts";
import { TRAILER_BYTES } from "./encode.ts";

/** The end of a chunk that is read at once: most footers fit. */
const GUESS_BYTES = 96 * 1024;

export interface ReadFooter {
  readonly footer: archive.ChunkFooter;
  /** Bytes that it takes in the chunk, trailer included. */
  readonly length: number;
}

/**
 * The footer of a chunk of `size` bytes, of which `end` reads so many last
 * ones. Undefined where that finds no chunk. Error DATA_LOSS / BAD_CHUNK.
 */
export async function readFooter(
  size: number,
  end: (length: number) => Promise<Uint8Array | undefined>,
): Promise<ReadFooter | undefined> {
  const guess = Math.min(size, GUESS_BYTES);
  let tail = await end(guess);
  if (tail === undefined) return undefined;
  const length = footerLength(tail.subarray(tail.length - TRAILER_BYTES));
  if (length > guess) tail = await end(length);
  return tail && { footer: decodeFooter(tail), length };
}
