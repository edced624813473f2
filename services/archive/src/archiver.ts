import { backoffMs, createDeferred, delay, WaywardError } from "@wayward/base";
import type { Bus, BusMessage } from "@wayward/bus";
import type { Store } from "@wayward/store";
import { toIncoming } from "./incoming.ts";
import { ensureLayout } from "./layout.ts";
import { LogOwner } from "./log-owner.ts";

export interface ArchiverOptions {
  readonly bus: Bus;
  readonly store: Store;
  /** Partitions of the store's layout. */
  readonly partitions: number;
  readonly warn?: (message: string) => void;
  /** Bytes that make a chunk. Default 8 MiB. */
  readonly flushBytes?: number;
  /** Bytes of blocks above which the oldest ended sessions go, over all partitions; 0 for no limit. Default 0. */
  readonly keepBytes?: number;
  /** The longest that a block waits for its chunk, in milliseconds. Default 10,000. */
  readonly flushMs?: number;
}

/** Moves every partition's blocks from the bus into the store until stopped. Error LAYOUT_MISMATCH. */
export async function startArchiver(options: ArchiverOptions): Promise<{ stop(): Promise<void> }> {
  await ensureLayout(options.store, options.partitions);
  const stopping = new AbortController();
  const all = Array.from({ length: options.partitions }, (_, partition) =>
    runPartition(options, partition, stopping.signal),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all(all);
    },
  };
}

async function runPartition(options: ArchiverOptions, partition: number, signal: AbortSignal): Promise<void> {
  const warn = options.warn ?? (() => {});
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await archivePartition(options, partition, signal);
    } catch (error) {
      if (signal.aborted) return;
      warn(`archive: partition ${partition} starts again: ${WaywardError.from(error).message}`);
      await delay(backoffMs(attempt, Math.random()), signal);
    }
  }
}

/** Reads from the first message that is left: what the log has already is recognised by identity. */
async function archivePartition(options: ArchiverOptions, partition: number, outer: AbortSignal): Promise<void> {
  const { bus, flushBytes = 8 * 1024 * 1024, flushMs = 10_000 } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  const owners = new Map<string, LogOwner>();
  let pending: BusMessage[] = [];
  let pendingBytes = 0;
  let wake = createDeferred<void>();
  const flusher = (async () => {
    while (!signal.aborted) {
      await Promise.race([wake.promise, delay(flushMs, signal)]);
      wake = createDeferred<void>();
      const batch = pending;
      pending = [];
      pendingBytes = 0;
      // What is left at a stop stays on the bus.
      if (batch.length > 0 && !signal.aborted) await flush(options, partition, owners, batch, signal);
    }
  })();
  flusher.catch(() => failed.abort());
  let reading: unknown;
  try {
    for await (const message of bus.read(partition, 1n, signal)) {
      pending.push(message);
      pendingBytes += message.body.length;
      if (pendingBytes >= flushBytes) wake.resolve();
      // The bus holds back what does not fit here.
      while (pendingBytes >= 2 * flushBytes && !signal.aborted) await delay(5, signal);
    }
  } catch (error) {
    reading = error;
  }
  failed.abort();
  await flusher;
  if (reading !== undefined) throw reading;
}

async function flush(
  { store, bus, partitions, keepBytes = 0, warn = () => {} }: ArchiverOptions,
  partition: number,
  owners: Map<string, LogOwner>,
  batch: readonly BusMessage[],
  signal: AbortSignal,
): Promise<void> {
  const busSeq = batch.at(-1)!.busSeq;
  const incarnation = bus.incarnation(partition);
  for (const [tenant, messages] of Map.groupBy(batch, ({ address }) => address.tenant)) {
    const owner = owners.get(tenant) ?? (await LogOwner.load(store, bus, tenant, partition, warn));
    owners.set(tenant, owner);
    const blocks = messages.map((message) => toIncoming(message, partition));
    const now = BigInt(Date.now()) * 1_000_000n;
    await owner.run({ type: "batch", blocks, busSeq, incarnation, now }, signal);
    await owner.retain(Math.floor(keepBytes / partitions), signal);
  }
  // Every block up to here is proven committed, a copy, or put aside. Another
  // creation of the bus counts anew, so its numbers say nothing here.
  if (bus.incarnation(partition) === incarnation) await bus.purge(partition, busSeq);
}
