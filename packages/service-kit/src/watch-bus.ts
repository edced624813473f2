import { delay } from "@wayward/base";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Part } from "./serve.ts";

/** What is asked of a bus to tell how it is. */
export interface WatchedBus {
  readonly partitions: number;
  readonly isReady: boolean;
  onConnection(listener: (isConnected: boolean) => void): void;
  usage(partition: number): Promise<{
    readonly messages: number;
    readonly bytes: number;
    readonly bytesMax: number;
    readonly oldestMs: number;
  }>;
}

export interface WatchBusOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Tell what each partition holds too, which asks the bus. */
  readonly usage: boolean;
}

const MEASURE_EVERY_MS = 10_000;

/** Tells operators how the bus is: a process is ready only while its bus is. */
export function watchBus(bus: WatchedBus, { log, metrics, usage }: WatchBusOptions): Part {
  const stopping = new AbortController();
  watchConnection(bus, log, metrics, stopping.signal);
  const measuring = usage ? measure(bus, metrics, stopping.signal) : Promise.resolve();
  return {
    name: "watch of the bus",
    isReady: () => bus.isReady,
    async stop() {
      stopping.abort();
      await measuring;
    },
  };
}

function watchConnection(bus: WatchedBus, log: Log, metrics: Metrics, stopping: AbortSignal): void {
  const connected = metrics.gauge("wayward_bus_connected", "1 while the bus is connected, else 0");
  connected.set(1);
  let goneMs: number | undefined;
  bus.onConnection((isConnected) => {
    connected.set(isConnected ? 1 : 0);
    if (stopping.aborted || isConnected === (goneMs === undefined)) return;
    if (goneMs === undefined) log.warn("the bus is gone");
    else log.info("the bus is there again", { afterMs: Math.round(performance.now() - goneMs) });
    goneMs = isConnected ? undefined : performance.now();
  });
}

/** Asks by a clock: what a full bus holds changes with no commit and no publish. */
async function measure(bus: WatchedBus, metrics: Metrics, signal: AbortSignal): Promise<void> {
  const messages = metrics.gauge("wayward_bus_messages", "Blocks on the bus", ["partition"]);
  const bytes = metrics.gauge("wayward_bus_bytes", "Bytes on the bus", ["partition"]);
  const most = metrics.gauge("wayward_bus_bytes_max", "Bytes that the bus may hold", ["partition"]);
  // What is committed is purged at once, so the first message that is left is the oldest unarchived one.
  const lag = metrics.gauge("wayward_archive_lag_seconds", "Age of the oldest block that is not archived", [
    "partition",
  ]);
  while (!signal.aborted) {
    try {
      for (let number = 0; number < bus.partitions && !signal.aborted; number++) {
        const held = await bus.usage(number);
        const partition = String(number);
        messages.set({ partition }, held.messages);
        bytes.set({ partition }, held.bytes);
        most.set({ partition }, held.bytesMax);
        lag.set({ partition }, held.oldestMs / 1000);
      }
    } catch {
      // Nobody knows what a bus holds that does not answer; that it is gone is told by its connection.
      for (const gauge of [messages, bytes, most, lag]) gauge.reset();
    }
    await delay(MEASURE_EVERY_MS, signal);
  }
}
