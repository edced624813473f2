import { startArchiver } from "@wayward/archive";
import type { Bus } from "@wayward/bus";
import { loadPartition } from "@wayward/chunk";
import { createLog, createMetrics } from "@wayward/service-kit";
import { partitionKeys, type Store } from "@wayward/store";
import { until } from "@wayward/testing";

/** Archives everything that the bus holds; what comes within `flushMs` is one batch. */
export async function archiveAll(bus: Bus, store: Store, partitions: number, flushMs = 10): Promise<void> {
  const archiver = await startArchiver({ bus, store, partitions, flushMs, ...quiet() });
  const isEmpty = async () => {
    const bounds = await Promise.all(Array.from({ length: partitions }, (_, partition) => bus.bounds(partition)));
    return bounds.every(({ first, last }) => first > last);
  };
  await until("the bus is empty", isEmpty, { withinMs: 10_000, everyMs: 10 });
  await archiver.stop();
}

/** Lets all sessions of the only partition go, those that have not ended too. */
export async function expireAll(bus: Bus, store: Store): Promise<void> {
  const ages = { keepBytes: 1, silentMs: 0, tendMs: 50 };
  const archiver = await startArchiver({ bus, store, partitions: 1, flushMs: 10, ...ages, ...quiet() });
  const isDone = async () => {
    const { sessions } = await loadPartition(store, partitionKeys("default", 0));
    return [...sessions].every(([, { expired }]) => expired);
  };
  await until("all have expired", isDone, { withinMs: 10_000, everyMs: 20 });
  await archiver.stop();
}

function quiet() {
  return { log: createLog("error"), metrics: createMetrics() };
}
