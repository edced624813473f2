import type { archive } from "@wayward/api";
import { decodeCheckpoint } from "./checkpoint.ts";
import type { LogKeys } from "./keys.ts";
import { decodeEntry, entryHash } from "./log.ts";
import { applyEntry, PartitionState } from "./state.ts";

/** What loading needs of a store. */
export interface ObjectReader {
  get(key: string): Promise<{ readonly bytes: Uint8Array } | undefined>;
  list(prefix: string, after?: string): AsyncIterable<{ readonly key: string }>;
}

/** The state at the log's head: newest checkpoint, then every entry after it. */
export async function loadPartition(store: ObjectReader, keys: LogKeys): Promise<PartitionState> {
  const newest = await newestCheckpoint(store, keys);
  const checkpoint = newest === undefined ? undefined : await store.get(newest);
  const readIndex = async (key: string) => (await store.get(key))?.bytes;
  const state = checkpoint === undefined ? new PartitionState() : await decodeCheckpoint(checkpoint.bytes, readIndex);
  await catchUp(store, keys, state);
  return state;
}

/** Key of the newest checkpoint; its end is its number. */
export async function newestCheckpoint(
  store: Pick<ObjectReader, "list">,
  { checkpoints }: Pick<LogKeys, "checkpoints">,
): Promise<string | undefined> {
  let newest: string | undefined;
  for await (const { key } of store.list(checkpoints)) newest = key;
  return newest;
}

/** Takes every entry after the state's into it, at most up to `until`; tells what came. */
export async function catchUp(
  store: Pick<ObjectReader, "get">,
  keys: Pick<LogKeys, "entry">,
  state: PartitionState,
  until?: bigint,
): Promise<archive.LogEntry[]> {
  const entries: archive.LogEntry[] = [];
  while (until === undefined || state.n < until) {
    const object = await store.get(keys.entry(state.n + 1n));
    if (object === undefined) break;
    const entry = decodeEntry(object.bytes);
    applyEntry(state, entry, entryHash(object.bytes));
    entries.push(entry);
  }
  return entries;
}
