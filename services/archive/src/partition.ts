import { createDeferred, delay } from "@wayward/base";
import type { Bus, BusMessage } from "@wayward/bus";
import type { Store } from "@wayward/store";
import type { ArchiveEvents } from "./events.ts";
import { toIncoming } from "./incoming.ts";
import { LogOwners } from "./log-owners.ts";
import { Tending, type TendingOptions } from "./tending.ts";

export interface PartitionOptions extends TendingOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly events: ArchiveEvents;
  readonly partition: number;
  readonly flushBytes: number;
  readonly flushMs: number;
  /** What the last commit may take after the signal has aborted, in milliseconds. */
  readonly stopMs: number;
}

/**
 * Moves a partition's blocks into the store until the signal aborts; then
 * commits what it has read, or leaves it on the bus. Reads from the first
 * message that is left: what the log has already is recognised by identity.
 */
export async function archivePartition(options: PartitionOptions, outer: AbortSignal): Promise<void> {
  const { bus, partition, flushBytes } = options;
  const failed = new AbortController();
  const reading = AbortSignal.any([outer, failed.signal]);
  const intake = new Intake(options, bus.incarnation(partition));
  const flusher = flushAll(options, intake, reading);
  flusher.catch(() => failed.abort());
  let wrong: unknown;
  try {
    for await (const message of bus.read(partition, 1n, reading)) {
      intake.add(message);
      // The bus holds back what does not fit here.
      while (intake.bytes >= 2 * flushBytes && !reading.aborted) await delay(5, reading);
    }
  } catch (error) {
    wrong = error;
  }
  failed.abort();
  await flusher;
  if (wrong !== undefined && !outer.aborted) throw wrong;
}

/** What was read and is not committed yet. */
class Intake {
  /** By which the messages are numbered: the reading ends when it is another one. */
  readonly incarnation: string;
  readonly #options: PartitionOptions;
  #messages: BusMessage[] = [];
  /** Of messages not taken yet. */
  bytes = 0;
  #full = createDeferred<void>();

  constructor(options: PartitionOptions, incarnation: string) {
    this.#options = options;
    this.incarnation = incarnation;
  }

  add(message: BusMessage): void {
    const { events, partition, flushBytes } = this.#options;
    this.#messages.push(message);
    this.bytes += message.body.length;
    events.waiting(partition, this.bytes);
    if (this.bytes >= flushBytes) this.#full.resolve();
  }

  /** Resolves when there is a chunk's worth, the time is over, or the signal aborts. */
  async due(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#full.promise, delay(this.#options.flushMs, signal)]);
  }

  take(): readonly BusMessage[] {
    const taken = this.#messages;
    this.#messages = [];
    this.bytes = 0;
    this.#full = createDeferred<void>();
    return taken;
  }
}

/** Commits batch after batch. The one that is under way at a stop, and what is left, may take `stopMs`. */
async function flushAll(options: PartitionOptions, intake: Intake, reading: AbortSignal): Promise<void> {
  const { partition, events, stopMs } = options;
  const owners = new LogOwners(options);
  const tending = new Tending(options, owners);
  const writing = new AbortController();
  const end = () => setTimeout(() => writing.abort(), stopMs).unref();
  reading.addEventListener("abort", end, { once: true });
  if (reading.aborted) end();
  for (;;) {
    await intake.due(reading);
    const isLast = reading.aborted;
    const batch = intake.take();
    try {
      if (batch.length > 0) await flush(options, owners, batch, intake.incarnation, writing.signal);
      events.waiting(partition, intake.bytes);
      if (isLast) return;
      await tending.ifDue(reading);
    } catch (error) {
      if (!writing.signal.aborted) throw error;
      events.gaveUp(partition);
      return;
    }
  }
}

async function flush(
  options: PartitionOptions,
  owners: LogOwners,
  batch: readonly BusMessage[],
  incarnation: string,
  signal: AbortSignal,
): Promise<void> {
  const { bus, partition, events, keepBytes } = options;
  const busSeq = batch.at(-1)!.busSeq;
  for (const [tenant, messages] of Map.groupBy(batch, ({ address }) => address.tenant)) {
    const begun = performance.now();
    const owner = await owners.of(tenant);
    // Before anything is written: on a full disk this makes the room, where the size was lowered for it.
    await owner.retain(keepBytes, signal);
    const blocks = messages.map((message) => toIncoming(message, partition));
    const now = BigInt(Date.now()) * 1_000_000n;
    const tally = await owner.run({ type: "batch", blocks, busSeq, incarnation, now }, signal);
    events.committed(partition, tally, blocks.length, performance.now() - begun);
    await owner.retain(keepBytes, signal);
  }
  // Every block up to here is proven committed, a copy, or put aside. Another
  // creation of the bus counts anew, so its numbers say nothing there.
  const { first, last } = await bus.bounds(partition);
  if (bus.incarnation(partition) !== incarnation) return;
  await bus.purge(partition, busSeq);
  events.left(partition, Number(last - (first > busSeq ? first - 1n : busSeq)));
}
