import type { archive } from "@wayward/api";
import { decodeFooter, footerLength, TRAILER_BYTES } from "@wayward/chunk";
import { sessionText } from "@wayward/record";
import type { Store } from "@wayward/store";

/** The end of a chunk that is read at once: most footers fit. */
const FOOTER_GUESS = 128 * 1024;

/** Digests of a chunk's blocks as hex, by `<session>/<seq>`; none if the chunk is gone. Reads only the chunk's end. */
export async function readDigests(store: Store, { key, bytes }: archive.Chunk): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const size = Number(bytes);
  const end = (length: number) => store.get(key, { offset: size - length, length });
  const guess = Math.min(size, FOOTER_GUESS);
  let tail = await end(guess);
  if (tail === undefined) return digests;
  const length = footerLength(tail.bytes.subarray(tail.bytes.length - TRAILER_BYTES));
  if (length > guess) tail = await end(length);
  if (tail === undefined) return digests;
  for (const { session, blocks } of decodeFooter(tail.bytes).sessions) {
    const text = sessionText(session);
    for (const { seq, digest } of blocks) digests.set(`${text}/${seq}`, digest.toString("hex"));
  }
  return digests;
}
