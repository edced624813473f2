import type { PartitionState } from "@wayward/chunk";
import { chunkPrefix, type Store } from "@wayward/store";

/** Chunks that the log does not know and that the store dates before this time. */
export async function findOrphans(
  store: Store,
  tenant: string,
  partition: number,
  log: PartitionState,
  beforeMs: number,
): Promise<string[]> {
  const orphans: string[] = [];
  for await (const { key, modifiedMs } of store.list(chunkPrefix(tenant, partition))) {
    if (modifiedMs > beforeMs || log.holders.has(key) || log.unreferenced.has(key)) continue;
    orphans.push(key);
  }
  return orphans;
}
