import { archive } from "@wayward/api";
import { asBuffer, present, WaywardError } from "@wayward/base";
import { LAYOUT_KEY } from "./keys.ts";
import type { Store } from "./port.ts";

/** Fixes the number of partitions in a new store, checks it in others. Error FAILED_PRECONDITION / LAYOUT_MISMATCH. */
export async function ensureLayout(store: Store, partitions: number): Promise<void> {
  const made = archive.Layout.encode({ format: 1, partitions: [partitions] }).finish();
  await store.createIfAbsent(LAYOUT_KEY, asBuffer(made));
  checkLayout(store, present(await store.get(LAYOUT_KEY), LAYOUT_KEY).bytes, partitions);
}

/** The same for who only reads: leaves a new store to the archiver. Tells whether there is an archive. */
export async function readLayout(store: Store, partitions: number): Promise<boolean> {
  const layout = await store.get(LAYOUT_KEY);
  if (layout !== undefined) checkLayout(store, layout.bytes, partitions);
  return layout !== undefined;
}

function checkLayout({ name }: Store, bytes: Uint8Array, partitions: number): void {
  const layout = archive.Layout.decode(bytes);
  const inForce = layout.partitions.at(-1);
  if (layout.format === 1 && inForce === partitions) return;
  const message = `${name} is laid out for ${inForce} partitions (format ${layout.format}), configured are ${partitions} (WAYWARD_PARTITIONS)`;
  throw new WaywardError("FAILED_PRECONDITION", "LAYOUT_MISMATCH", message);
}
