import { archive } from "@wayward/api";
import type { PartitionState } from "@wayward/chunk";
import type { ListedObject, PartitionKeys, Store } from "@wayward/store";

/** Chunks that the log does not know and that the store dates before this time. */
export async function findOrphans(
  store: Store,
  { chunks }: PartitionKeys,
  log: PartitionState,
  beforeMs: number,
): Promise<string[]> {
  const orphans: string[] = [];
  for await (const { key, modifiedMs } of store.list(chunks)) {
    if (modifiedMs > beforeMs || log.holders.has(key) || log.unreferenced.has(key)) continue;
    orphans.push(key);
  }
  return orphans;
}

/**
 * Checkpoints before the newest one, and index objects that none names, that
 * the store dates before this time. What a checkpoint names that goes now
 * stays until the next look: another writer may be going on from it.
 */
export async function findOutdated(store: Store, keys: PartitionKeys, beforeMs: number): Promise<string[]> {
  const checkpoints: ListedObject[] = [];
  for await (const listed of store.list(keys.checkpoints)) checkpoints.push(listed);
  const newest = checkpoints.at(-1)?.key;
  const outdated = checkpoints.filter(({ key, modifiedMs }) => key !== newest && modifiedMs <= beforeMs);
  const named = new Set<string>();
  for (const { key } of checkpoints) {
    const stored = await store.get(key);
    if (stored === undefined) continue;
    for (const { key: index } of archive.Checkpoint.decode(stored.bytes).ended) named.add(index);
  }
  for await (const listed of store.list(keys.indexes)) {
    if (listed.modifiedMs <= beforeMs && !named.has(listed.key)) outdated.push(listed);
  }
  return outdated.map(({ key }) => key);
}
