import { setImmediate as nextTurn } from "node:timers/promises";
import { archive } from "@wayward/api";
import { createDeferred, type Deferred, delay, WaywardError } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { type Address, acceptedChannel, type Bus, type Subscription } from "@wayward/bus";
import { sessionText } from "@wayward/record";
import { errorFacts, type Log } from "@wayward/service-kit";
import { createRelay, keyOf, relayStep } from "./core/relay.ts";
import type { RelayEffect, RelayEvent, Relayed, RelayState } from "./core/relay-types.ts";
import { Feed, type FeedSource } from "./feed.ts";

const TICK_MS = 25;
/** An observer waits so long for a bus that does not answer. */
const START_MS = 10_000;
/** Blocks that wait to be named, of all partitions together. */
const HELD_BYTES = 8 * 1024 * 1024;
const HELD_BYTES_LEAST = 1024 * 1024;
/** Blocks that wait for observers: all feeds together, and the bounds of one. */
const FEEDS_BYTES = 128 * 1024 * 1024;
const FEED_BYTES_MOST = 2 * 1024 * 1024;
const FEED_BYTES_LEAST = 128 * 1024;
/** A reading lets observers work after so many messages. */
const READ_TURN = 16;

/** Hears the bus for all observers of this process, as long as there are any. */
export class Relay implements FeedSource {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #feeds = new Set<Feed>();
  #hearing: Hearing | undefined;

  constructor(bus: Bus, log: Log) {
    this.#bus = bus;
    this.#log = log;
  }

  /**
   * A feed of all blocks that are ACCEPTED from now on and wanted. A snapshot
   * taken after this has resolved has all that came before. Throws
   * BUS_UNAVAILABLE.
   */
  async attach(wants: (block: Relayed) => boolean): Promise<Feed> {
    const feed = new Feed(this, this.#bus.partitions, wants);
    this.#feeds.add(feed);
    this.#hearing ??= new Hearing(this.#bus, this.#log, (effect) => this.#perform(effect));
    const late = new AbortController();
    const started = await Promise.race([this.#hearing.started, delay(START_MS, late.signal).then(() => false)]);
    late.abort();
    if (started) return feed;
    feed.close();
    throw new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", `the bus has not answered for ${START_MS} ms`);
  }

  detach(feed: Feed): void {
    this.#feeds.delete(feed);
    if (this.#feeds.size > 0) return;
    this.#hearing?.stop();
    this.#hearing = undefined;
  }

  upTo(partition: number): bigint {
    return this.#hearing?.upTo(partition) ?? 0n;
  }

  bytesMax(): number {
    const share = FEEDS_BYTES / Math.max(1, this.#feeds.size);
    return Math.max(FEED_BYTES_LEAST, Math.min(FEED_BYTES_MOST, share));
  }

  #perform(effect: RelayEffect): void {
    if (effect.type === "accept") for (const feed of this.#feeds) feed.put(effect.block);
    else if (effect.type === "lost" || effect.type === "restarted") {
      for (const feed of this.#feeds) feed.tell(effect.type);
    }
  }
}

/** One time of hearing the bus: its streams are read, and heard early with what ingest announces. */
class Hearing {
  /** Resolves once every partition is heard. */
  readonly started: Promise<true>;
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #tell: (effect: RelayEffect) => void;
  readonly #states: readonly RelayState[];
  readonly #readings: (AbortController | undefined)[] = [];
  readonly #subscriptions: Subscription[] = [];
  readonly #ready: Deferred<true> = createDeferred<true>();
  #ticking: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(bus: Bus, log: Log, tell: (effect: RelayEffect) => void) {
    this.#bus = bus;
    this.#log = log;
    this.#tell = tell;
    const heldBytes = Math.max(HELD_BYTES_LEAST, HELD_BYTES / bus.partitions);
    this.#states = Array.from({ length: bus.partitions }, () => createRelay(heldBytes));
    this.started = this.#ready.promise;
    void this.#start();
  }

  upTo(partition: number): bigint {
    return this.#states[partition]!.upTo;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#ticking);
    for (const reading of this.#readings) reading?.abort();
    for (const subscription of this.#subscriptions) void this.#close(subscription);
  }

  /** Everything is heard before the bounds are asked for, so that nothing falls between. */
  async #start(): Promise<void> {
    const all = this.#states.flatMap((_, partition) => [
      this.#bus.listen(partition, (address, body) => this.#heard(partition, address, body)),
      this.#bus.hear(acceptedChannel(partition), (body) => this.#announced(partition, body)),
    ]);
    // Each is waited for: one that fails unheard would end the process.
    const outcomes = await Promise.allSettled(all);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") continue;
      if (this.#stopped) await this.#close(outcome.value);
      else this.#subscriptions.push(outcome.value);
    }
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) {
      this.#log.warn("the bus cannot be heard; it is read instead", errorFacts(failed.reason));
    }
    if (this.#stopped) return;
    const tick = () => {
      const now = performance.now();
      for (const partition of this.#states.keys()) this.#step(partition, { type: "tick", now });
    };
    this.#ticking = setInterval(tick, TICK_MS).unref();
    tick();
  }

  #heard(partition: number, { tenant, session }: Address, body: Uint8Array): void {
    // A view of what the connection has read at once would keep all of that.
    const bytes = body.buffer.byteLength > 2 * body.length ? Uint8Array.prototype.slice.call(body) : body;
    const parsed = parseEnvelope(bytes);
    if (parsed.error !== undefined) return;
    const block = { tenant, session, envelope: parsed.value };
    this.#step(partition, { type: "heard", block, now: performance.now() });
  }

  #announced(partition: number, body: Uint8Array): void {
    const { incarnation, blocks } = archive.Accepted.decode(body);
    const named = blocks.map(({ busSeq, session, seq, crc32 }) => {
      return { busSeq, key: keyOf(sessionText(session), seq), crc32 };
    });
    this.#step(partition, { type: "announced", incarnation, blocks: named, now: performance.now() });
  }

  #step(partition: number, event: RelayEvent): void {
    if (this.#stopped) return;
    for (const effect of relayStep(this.#states[partition]!, event)[1]) {
      if (effect.type === "ask") void this.#ask(partition);
      else if (effect.type === "read") void this.#read(partition, effect.from);
      else if (effect.type === "stop-reading") this.#readings[partition]?.abort();
      else this.#tell(effect);
    }
  }

  async #ask(partition: number): Promise<void> {
    try {
      const { first, last } = await this.#bus.bounds(partition);
      const incarnation = this.#bus.incarnation(partition);
      this.#step(partition, { type: "bounds", incarnation, first, last, now: performance.now() });
      if (this.#states.every((state) => state.incarnation !== "")) this.#ready.resolve(true);
    } catch {
      // It is asked again; what observers wait for is told by their heartbeats alone.
      this.#step(partition, { type: "bounds-failed" });
    }
  }

  async #read(partition: number, from: bigint): Promise<void> {
    const reading = new AbortController();
    this.#readings[partition] = reading;
    let failed = false;
    let messages = 0;
    try {
      for await (const { busSeq, address, body } of this.#bus.read(partition, from, reading.signal)) {
        if (reading.signal.aborted) break;
        // Named already: the usual end of a block on a busy bus.
        if (busSeq <= this.upTo(partition)) continue;
        const { tenant, session } = address;
        const parsed = parseEnvelope(body);
        const block = parsed.error === undefined ? { tenant, session, envelope: parsed.value } : undefined;
        this.#step(partition, { type: "read", busSeq, block, now: performance.now() });
        if (++messages % READ_TURN === 0) await nextTurn();
      }
    } catch (error) {
      failed = !reading.signal.aborted;
      if (failed) this.#log.warn("the bus cannot be read", { partition, ...errorFacts(error) });
    }
    this.#readings[partition] = undefined;
    this.#step(partition, { type: "read-ended", failed, now: performance.now() });
  }

  async #close(subscription: Subscription): Promise<void> {
    try {
      await subscription.close();
    } catch {
      // The connection has gone, and the subscription with it.
    }
  }
}
