import type { PartitionState } from "@wayward/chunk";
import { chunkPrefix, type Store, sweptKey } from "@wayward/store";

/** Chunks that the log does not know and that are at least so old by the store's own clock. */
export async function findOrphans(
  store: Store,
  tenant: string,
  partition: number,
  log: PartitionState,
  orphanMs: number,
): Promise<string[]> {
  const before = (await storeNowMs(store, sweptKey(tenant, partition))) - orphanMs;
  const orphans: string[] = [];
  for await (const { key, modifiedMs } of store.list(chunkPrefix(tenant, partition))) {
    if (modifiedMs > before || log.holders.has(key) || log.unreferenced.has(key)) continue;
    orphans.push(key);
  }
  return orphans;
}

/** What time it is by the clock that dates the objects. */
async function storeNowMs(store: Store, key: string): Promise<number> {
  await store.put(key, new Uint8Array(0));
  for await (const { key: listed, modifiedMs } of store.list(key)) if (listed === key) return modifiedMs;
  return 0;
}
