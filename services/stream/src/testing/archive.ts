import { startArchiver } from "@wayward/archive";
import type { Bus } from "@wayward/bus";
import { createLog, createMetrics } from "@wayward/service-kit";
import type { Store } from "@wayward/store";
import { until } from "@wayward/testing";

/** Archives everything that the bus holds; what comes within `flushMs` is one batch. */
export async function archiveAll(bus: Bus, store: Store, partitions: number, flushMs = 10): Promise<void> {
  const quiet = { log: createLog("error"), metrics: createMetrics() };
  const archiver = await startArchiver({ bus, store, partitions, flushMs, ...quiet });
  const isEmpty = async () => {
    const bounds = await Promise.all(Array.from({ length: partitions }, (_, partition) => bus.bounds(partition)));
    return bounds.every(({ first, last }) => first > last);
  };
  await until("the bus is empty", isEmpty, { withinMs: 10_000, everyMs: 10 });
  await archiver.stop();
}
