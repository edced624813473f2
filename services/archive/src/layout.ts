import { archive } from "@wayward/api";
import { asBuffer, present, WaywardError } from "@wayward/base";
import { LAYOUT_KEY, type Store } from "@wayward/store";

/** Fixes the number of partitions in a new store, checks it in others. Error FAILED_PRECONDITION / LAYOUT_MISMATCH. */
export async function ensureLayout(store: Store, partitions: number): Promise<void> {
  await store.createIfAbsent(
    LAYOUT_KEY,
    asBuffer(archive.Layout.encode({ format: 1, partitions: [partitions] }).finish()),
  );
  const layout = archive.Layout.decode(present(await store.get(LAYOUT_KEY), LAYOUT_KEY).bytes);
  const inForce = layout.partitions.at(-1);
  if (layout.format === 1 && inForce === partitions) return;
  const message = `${store.name} is laid out for ${inForce} partitions (format ${layout.format}), configured are ${partitions}`;
  throw new WaywardError("FAILED_PRECONDITION", "LAYOUT_MISMATCH", message);
}
