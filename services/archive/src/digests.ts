import type { archive } from "@wayward/api";
import { readFooter } from "@wayward/chunk";
import { sessionText } from "@wayward/record";
import type { Store } from "@wayward/store";

/** Digests of a chunk's blocks as hex, by `<session>/<seq>`; none if the chunk is gone. Reads only the chunk's end. */
export async function readDigests(store: Store, { key, bytes }: archive.Chunk): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const size = Number(bytes);
  const read = await readFooter(
    size,
    async (length) => (await store.get(key, { offset: size - length, length }))?.bytes,
  );
  for (const { session, blocks } of read?.footer.sessions ?? []) {
    const text = sessionText(session);
    for (const { seq, digest } of blocks) digests.set(`${text}/${seq}`, digest.toString("hex"));
  }
  return digests;
}
