import { logKey, logPrefix, type Store } from "@wayward/store";

/** What time it is by the clock that dates the objects; `key` is written for it. */
export async function storeNowMs(store: Store, key: string): Promise<number> {
  await store.put(key, new Uint8Array(0));
  for await (const { key: listed, modifiedMs } of store.list(key)) if (listed === key) return modifiedMs;
  return 0;
}

/** Number of the last log entry, up to `head`, that the store dates before this time; -1 if there is none. */
export async function lastEntryBefore(
  store: Store,
  tenant: string,
  partition: number,
  head: bigint,
  beforeMs: number,
): Promise<bigint> {
  let [low, high] = [-1n, head];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if ((await entryMs(store, tenant, partition, middle)) < beforeMs) low = middle;
    else high = middle - 1n;
  }
  return low;
}

async function entryMs(store: Store, tenant: string, partition: number, n: bigint): Promise<number> {
  const key = logKey(tenant, partition, n);
  const listed = store.list(logPrefix(tenant, partition), n === 0n ? "" : logKey(tenant, partition, n - 1n));
  for await (const { key: found, modifiedMs } of listed) return found === key ? modifiedMs : Number.POSITIVE_INFINITY;
  return Number.POSITIVE_INFINITY;
}
