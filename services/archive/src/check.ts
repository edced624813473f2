import { WaywardError } from "@wayward/base";
import { type Bus, openJetStreamBus } from "@wayward/bus";
import { openStore, readLayout, type Store } from "@wayward/store";

export interface Checked {
  /** URL. */
  readonly store: string;
  readonly partitions: number;
}

/**
 * Whether an archive could go on with these settings; looks at store and bus
 * as a start does, and changes nothing of what is there. Throws what a start
 * would, and STORE_EMPTY where the bus has brought blocks into another store.
 */
export async function checkSettings(config: Checked & Parameters<typeof openJetStreamBus>[0]): Promise<string> {
  const store = await openStore(config.store);
  try {
    await readLayout(store, config.partitions);
    const bus = await openJetStreamBus({ ...config, name: "wayward-archive-check" });
    try {
      await checkBelongs(store, bus);
      return `${store.name} and ${bus.facts.name} can be used`;
    } finally {
      await bus.close();
    }
  } finally {
    await store.close();
  }
}

/** Throws STORE_EMPTY where the store holds no archive and the bus is not new: what has left it is in another one. */
export async function checkBelongs(store: Store, bus: Bus): Promise<void> {
  if (await readLayout(store, bus.partitions)) return;
  const bounds = await Promise.all(Array.from({ length: bus.partitions }, (_, partition) => bus.bounds(partition)));
  const passed = bounds.reduce((sum, { first }) => sum + first - 1n, 0n);
  if (passed === 0n) return;
  const message = `${store.name} holds no archive, and ${passed} blocks have left the bus for another one, which nobody would find`;
  throw new WaywardError("FAILED_PRECONDITION", "STORE_EMPTY", message);
}
