import type { block as api } from "@wayward/api";
import { createDeferred, type Deferred } from "@wayward/base";
import { RangeSet } from "@wayward/chunk";
import type { Relayed } from "./core/relay-types.ts";

/** Blocks of one session that a slow observer had to do without. */
export interface Missed {
  readonly id: Uint8Array;
  readonly ranges: RangeSet;
  /** From the first of them that had one. */
  description: api.SessionDescription | undefined;
}

/** What an observer's loop hears. */
export type FeedEvent =
  | { readonly type: "block"; readonly block: Relayed }
  /** More came than was read: these went. */
  | { readonly type: "missed"; readonly missed: ReadonlyMap<string, Missed> }
  /** Blocks went from the bus unseen: the archive has them. */
  | { readonly type: "lost" }
  /** The bus was made anew, or went back. */
  | { readonly type: "restarted" }
  | { readonly type: "tick" };

const TICK_MS = 250;

/** What a feed knows of the relay that fills it. */
export interface FeedSource {
  /** Every bus sequence up to it was handed to the feeds. */
  upTo(partition: number): bigint;
  /** Bytes of blocks that one feed holds at most. */
  bytesMax(): number;
  detach(feed: Feed): void;
}

/**
 * The blocks that wait for one observer. The blocks are shared with all
 * others, and bounded: when more come, what waits goes at once, so that a
 * slow reader sees the present and one hole instead of many.
 */
export class Feed {
  readonly #source: FeedSource;
  readonly #wants: (block: Relayed) => boolean;
  readonly #ticking: NodeJS.Timeout;
  #queue: Relayed[] = [];
  #bytes = 0;
  /** Bus sequences that were looked at when nothing waited last. */
  #done: bigint[];
  #missed = new Map<string, Missed>();
  #overflowed = false;
  #live = false;
  #lost = false;
  #restarted = false;
  #ticked = false;
  #closed = false;
  #news: Deferred<void> = createDeferred<void>();

  /** `wants` must be fast: it is asked for each block of the bus. */
  constructor(source: FeedSource, partitions: number, wants: (block: Relayed) => boolean) {
    this.#source = source;
    this.#wants = wants;
    this.#done = Array.from({ length: partitions }, () => 0n);
    this.#ticking = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Everything up to this bus sequence was taken, if what was taken last is done with. */
  done(partition: number): bigint {
    if (this.#queue.length === 0 && this.#missed.size === 0 && !this.#lost) this.#markDone();
    return this.#done[partition]!;
  }

  /** True if blocks went because more came than fit, before the feed was live. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Forgets what waits: a snapshot that is taken from now on has it. */
  restart(): void {
    this.#queue = [];
    this.#bytes = 0;
    this.#overflowed = false;
  }

  /** From now on what does not fit is told as missed. */
  goLive(): void {
    this.#live = true;
  }

  /** Takes an ACCEPTED block. */
  put(block: Relayed): void {
    if (!this.#wants(block)) return;
    const { length } = block.envelope.bytes;
    if (this.#queue.length > 0 && this.#bytes + length > this.#source.bytesMax()) this.#overflow();
    this.#queue.push(block);
    this.#bytes += length;
    this.#wake();
  }

  tell(event: "lost" | "restarted"): void {
    if (event === "lost") this.#lost = true;
    else this.#restart();
    this.#wake();
  }

  /** The next event; undefined once closed. */
  async next(): Promise<FeedEvent | undefined> {
    for (;;) {
      if (this.#closed) return undefined;
      const event = this.#take();
      if (event !== undefined) return event;
      await this.#news.promise;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#ticking);
    this.restart();
    this.#source.detach(this);
    this.#wake();
  }

  /** What went comes first: at a tick all that is done must have been told. */
  #take(): FeedEvent | undefined {
    if (this.#missed.size > 0) {
      const missed = this.#missed;
      this.#missed = new Map();
      return { type: "missed", missed };
    }
    if (this.#lost) {
      this.#lost = false;
      return { type: "lost" };
    }
    if (this.#restarted) {
      this.#restarted = false;
      return { type: "restarted" };
    }
    if (this.#ticked) {
      this.#ticked = false;
      return { type: "tick" };
    }
    const block = this.#queue.shift();
    if (block === undefined) return undefined;
    this.#bytes -= block.envelope.bytes.length;
    return { type: "block", block };
  }

  #overflow(): void {
    if (this.#live) for (const block of this.#queue) this.#miss(block);
    else this.#overflowed = true;
    this.#queue = [];
    this.#bytes = 0;
  }

  #miss({ session, envelope: { header } }: Relayed): void {
    const known = this.#missed.get(session);
    const missed = known ?? { id: header.session, ranges: new RangeSet(), description: undefined };
    missed.ranges.add(header.seq);
    missed.description ??= header.description;
    this.#missed.set(session, missed);
  }

  /** A bus counts anew: what was done of its sequences says nothing of those that wait. */
  #restart(): void {
    this.#restarted = true;
    this.#done = this.#done.map(() => 0n);
  }

  #markDone(): void {
    this.#done = this.#done.map((_, partition) => this.#source.upTo(partition));
  }

  #tick(): void {
    this.#ticked = true;
    this.#wake();
  }

  #wake(): void {
    const news = this.#news;
    this.#news = createDeferred<void>();
    news.resolve();
  }
}
