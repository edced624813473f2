import type { PartitionKeys, Store } from "@wayward/store";

/** What time it is by the clock that dates the objects; `key` is written for it. */
export async function storeNowMs(store: Store, key: string): Promise<number> {
  await store.put(key, new Uint8Array(0));
  for await (const { key: listed, modifiedMs } of store.list(key)) if (listed === key) return modifiedMs;
  return 0;
}

/** Number of the last log entry, up to `head`, that the store dates before this time; -1 if there is none. */
export async function lastEntryBefore(
  store: Store,
  keys: PartitionKeys,
  head: bigint,
  beforeMs: number,
): Promise<bigint> {
  let [low, high] = [-1n, head];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if ((await entryMs(store, keys, middle)) < beforeMs) low = middle;
    else high = middle - 1n;
  }
  return low;
}

async function entryMs(store: Store, { entries, entry }: PartitionKeys, n: bigint): Promise<number> {
  const key = entry(n);
  const listed = store.list(entries, n === 0n ? "" : entry(n - 1n));
  for await (const { key: found, modifiedMs } of listed) return found === key ? modifiedMs : Number.POSITIVE_INFINITY;
  return Number.POSITIVE_INFINITY;
}
