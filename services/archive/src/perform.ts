import { randomUUID } from "node:crypto";
import { asBuffer, present } from "@wayward/base";
import type { Envelope } from "@wayward/block";
import { decodeFooter, encodeChunk, entryKey } from "@wayward/chunk";
import { sessionText } from "@wayward/record";
import type { Store } from "@wayward/store";
import { identity } from "./core/sort.ts";
import type { ArchiveState, Effect, Event } from "./core/types.ts";

/** Carries out one effect against the store; `prefix` is the partition's, with its slash. Throws what the store throws. */
export async function perform(
  store: Store,
  prefix: string,
  { log }: ArchiveState,
  effect: Exclude<Effect, { type: "done" }>,
): Promise<Event> {
  switch (effect.type) {
    case "store-chunk": {
      const digests = new Map<Envelope, string>();
      for (const { envelope, digest } of effect.blocks) if (envelope !== undefined) digests.set(envelope, digest);
      const digestOf = (envelope: Envelope) => Buffer.from(digests.get(envelope) ?? "", "hex");
      const { body, bytes, sha256 } = encodeChunk([...digests.keys()], digestOf);
      const key = `${prefix}c/${randomUUID()}`;
      await store.put(key, body, { sha256 });
      return { type: "chunk-stored", chunk: { key, bytes: BigInt(bytes), sha256 } };
    }
    case "write-log": {
      const key = entryKey(prefix, effect.n);
      const made = await store.createIfAbsent(key, effect.bytes);
      if (made === "created") return { type: "log-entry", bytes: effect.bytes };
      return { type: "log-entry", bytes: present(await store.get(key), `log entry ${effect.n}`).bytes };
    }
    case "store-dead-letters":
      for (const { deadLetterKey, bytes } of effect.blocks) await store.put(deadLetterKey, bytes);
      return { type: "dead-letters-stored", blocks: effect.blocks };
    case "read-digests": {
      const known = new Map<string, string>();
      for (const block of effect.blocks) known.set(identity(block), "");
      const keys = new Set(effect.blocks.map(({ session, seq }) => log.chunkOf(session, seq)?.key));
      for (const key of keys) if (key !== undefined) await readDigests(store, key, known);
      return { type: "digests", known };
    }
  }
}

async function readDigests(store: Store, key: string, known: Map<string, string>): Promise<void> {
  const chunk = await store.get(key);
  if (chunk === undefined) return;
  for (const { session, blocks } of decodeFooter(asBuffer(chunk.bytes)).sessions) {
    const text = sessionText(session);
    for (const { seq, digest } of blocks) {
      // The chunk may hold blocks that its entry did not list: only what was asked for counts.
      const asked = `${text}/${seq}`;
      if (known.get(asked) === "") known.set(asked, digest.toString("hex"));
    }
  }
}
