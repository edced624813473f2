import { randomBytes } from "node:crypto";
import { backoffMs, delay } from "@wayward/base";
import { type Bus, withLease } from "@wayward/bus";
import type { Log, Metrics, Part } from "@wayward/service-kit";
import { ensureLayout, type Store } from "@wayward/store";
import { mirrorControl } from "./control-mirror.ts";
import { type ArchiveEvents, archiveEvents } from "./events.ts";
import { archivePartition } from "./partition.ts";

export interface ArchiverOptions {
  readonly bus: Bus;
  readonly store: Store;
  /** Partitions of the store's layout. */
  readonly partitions: number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Bytes that make a chunk. Default 8 MiB. */
  readonly flushBytes?: number;
  /** The longest that a block waits for its chunk, in milliseconds. Default 10,000. */
  readonly flushMs?: number;
  /** Bytes of blocks above which the oldest sessions go that have ended or are silent, over all partitions; 0 for no limit. Default 0. */
  readonly keepBytes?: number;
  /** Age from which a chunk that no log entry names is removed, in milliseconds of the store's clock. Default 24 h. */
  readonly orphanMs?: number;
  /** Time after which a session without an end that gets no more blocks is silent, in milliseconds of the store's clock. Default 3 days. */
  readonly silentMs?: number;
  /** Between two looks at what others wrote into the log, in milliseconds. Default 60,000. */
  readonly tendMs?: number;
  /** After so long without a sign of its holder a partition is taken over, in milliseconds; 0 asks nobody. Default 5,000. */
  readonly leaseMs?: number;
  /** What a stop waits for the last commits, in milliseconds. Default 5,000. */
  readonly stopMs?: number;
}

const DAY_MS = 24 * 3600 * 1000;

/** Moves every partition's blocks from the bus into the store until stopped. Error LAYOUT_MISMATCH. */
export async function startArchiver(options: ArchiverOptions): Promise<Part> {
  await ensureLayout(options.store, options.partitions);
  const { stopMs = 5_000 } = options;
  const events = archiveEvents(options.metrics, options.log);
  const holder = randomBytes(8).toString("hex");
  const stopping = new AbortController();
  const all = Array.from({ length: options.partitions }, (_, partition) =>
    runPartition({ ...options, stopMs }, events, holder, partition, stopping.signal),
  );
  const mirroring = mirrorControl({ ...options, events }, stopping.signal);
  return {
    name: "archive",
    async stop() {
      stopping.abort();
      const ended = new AbortController();
      const orderly = Promise.all([...all, mirroring]).then(() => ended.abort());
      // A store that does not answer holds nobody up: what it may have taken is on the bus too.
      await Promise.race([orderly, delay(stopMs + 500, ended.signal)]);
    },
  };
}

/** Archives one partition whenever its lease is held, again after whatever went wrong. */
async function runPartition(
  options: ArchiverOptions & { readonly stopMs: number },
  events: ArchiveEvents,
  holder: string,
  partition: number,
  signal: AbortSignal,
): Promise<void> {
  const { bus, store, stopMs, flushBytes = 8 * 1024 * 1024, flushMs = 10_000, orphanMs = DAY_MS } = options;
  const { silentMs = 3 * DAY_MS, tendMs = 60_000 } = options;
  const keepBytes = Math.floor((options.keepBytes ?? 0) / options.partitions);
  const work = async (held: AbortSignal) => {
    events.lease(partition, true);
    try {
      const ages = { orphanMs, silentMs, tendMs };
      const given = { bus, store, events, partition, flushBytes, flushMs, keepBytes, stopMs, ...ages };
      await archivePartition(given, held);
    } finally {
      events.lease(partition, false);
    }
  };
  const lease = { bus, name: `lease/archive-${partition}`, holder, leaseMs: options.leaseMs ?? 5_000 };
  // A bus that one process has alone has one archiver.
  const isShared = lease.leaseMs > 0 && !bus.facts.isPrivate;
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await (isShared ? withLease(lease, signal, work) : work(signal));
      attempt = 0;
    } catch (error) {
      if (signal.aborted) return;
      events.failed(partition, error);
      await delay(backoffMs(attempt, Math.random()), signal);
    }
  }
}
