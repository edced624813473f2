import { randomUUID } from "node:crypto";
import { present } from "@wayward/base";
import { type Envelope, refusalOf } from "@wayward/block";
import { type EncodedChunk, encodeChunk, hasReadableSummary } from "@wayward/chunk";
import type { PartitionKeys, Store } from "@wayward/store";
import { identity } from "./core/sort.ts";
import type { ArchiveState, Effect, Event, Incoming } from "./core/types.ts";
import { readDigests } from "./digests.ts";

/** Objects under way to the store together: each is small, and waits for an answer most of its time. */
const PUTS_AT_ONCE = 16;

/** Carries out one effect against the store. Throws what the store throws. */
export async function perform(
  store: Store,
  keys: PartitionKeys,
  { log }: ArchiveState,
  effect: Exclude<Effect, { type: "done" }>,
): Promise<Event> {
  switch (effect.type) {
    case "store-chunk":
      return storeChunk(store, keys, effect.blocks);
    case "write-log": {
      const key = keys.entry(effect.n);
      const made = await store.createIfAbsent(key, effect.bytes);
      if (made === "created") return { type: "log-entry", bytes: effect.bytes };
      return { type: "log-entry", bytes: present(await store.get(key), `log entry ${effect.n}`).bytes };
    }
    case "store-dead-letters":
      for (let from = 0; from < effect.blocks.length; from += PUTS_AT_ONCE) {
        const some = effect.blocks.slice(from, from + PUTS_AT_ONCE);
        await Promise.all(some.map(({ deadLetterKey, bytes }) => store.put(deadLetterKey, bytes)));
      }
      return { type: "dead-letters-stored", blocks: effect.blocks };
    case "read-digests": {
      const known = new Map<string, string>();
      // Each chunk's end is read once. A session that is over gives its chunks as new objects: the key tells them.
      const placed = effect.blocks.map((block) => ({ block, chunk: log.chunkOf(block.session, block.seq) }));
      for (const inChunk of Map.groupBy(placed, ({ chunk }) => chunk?.key).values()) {
        // A chunk may hold blocks that its entry did not list: each is asked of the chunk that counts.
        const { chunk } = inChunk[0]!;
        const digests = chunk === undefined ? undefined : await readDigests(store, chunk);
        for (const { block } of inChunk) known.set(identity(block), digests?.get(identity(block)) ?? "");
      }
      return { type: "digests", known };
    }
  }
}

/** Lays the blocks into one chunk and stores it under a key of its own. */
async function storeChunk(store: Store, keys: PartitionKeys, blocks: readonly Incoming[]): Promise<Event> {
  const digests = new Map<Envelope, string>();
  for (const { envelope, digest } of blocks) if (envelope !== undefined) digests.set(envelope, digest);
  let encoded: EncodedChunk;
  try {
    encoded = encodeChunk([...digests.keys()], (block) => Buffer.from(digests.get(block) ?? "", "hex"));
  } catch (error) {
    const unreadable = blocks.filter(({ envelope }) => envelope !== undefined && !hasReadableSummary(envelope));
    if (refusalOf(error) === undefined || unreadable.length === 0) throw error;
    return { type: "unreadable", blocks: unreadable };
  }
  const { body, bytes, sha256 } = encoded;
  const key = keys.chunk(randomUUID());
  await store.put(key, body, { sha256 });
  return { type: "chunk-stored", chunk: { key, bytes: BigInt(bytes), sha256 } };
}
