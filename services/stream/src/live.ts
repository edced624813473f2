import { createDeferred, type Deferred } from "@wayward/base";
import type { Bus, BusMessage } from "@wayward/bus";

/** What an observer's loop hears. */
export type LiveEvent =
  | { readonly type: "message"; readonly partition: number; readonly message: BusMessage }
  | { readonly type: "tick" }
  /** The bus cannot be read any more. */
  | { readonly type: "failed"; readonly error: unknown };

const TICK_MS = 250;

/**
 * What comes over all partitions from given places on, one event at a time:
 * nothing is read ahead of the observer but what the bus's own reader holds.
 */
export class LiveFeed {
  readonly #stop = new AbortController();
  readonly #waiting: { readonly event: LiveEvent; readonly taken: Deferred<void> }[] = [];
  readonly #ticking: NodeJS.Timeout;
  #news: Deferred<void> = createDeferred<void>();
  #ticked = false;

  constructor(bus: Bus, from: readonly bigint[], signal: AbortSignal) {
    signal.addEventListener("abort", () => this.close(), { once: true });
    this.#ticking = setInterval(() => this.#tick(), TICK_MS).unref();
    for (const [partition, busSeq] of from.entries()) void this.#pump(bus, partition, busSeq);
  }

  /** The next event; undefined once closed. */
  async next(): Promise<LiveEvent | undefined> {
    while (!this.#stop.signal.aborted) {
      if (this.#ticked) {
        this.#ticked = false;
        return { type: "tick" };
      }
      const first = this.#waiting.shift();
      if (first !== undefined) {
        first.taken.resolve();
        return first.event;
      }
      await this.#news.promise;
    }
    return undefined;
  }

  close(): void {
    this.#stop.abort();
    clearInterval(this.#ticking);
    for (const { taken } of this.#waiting) taken.resolve();
    this.#wake();
  }

  async #pump(bus: Bus, partition: number, from: bigint): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const message of bus.read(partition, from, signal)) {
        await this.#put({ type: "message", partition, message });
        if (signal.aborted) return;
      }
    } catch (error) {
      await this.#put({ type: "failed", error });
    }
  }

  #put(event: LiveEvent): Promise<void> {
    const taken = createDeferred<void>();
    this.#waiting.push({ event, taken });
    this.#wake();
    return taken.promise;
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
