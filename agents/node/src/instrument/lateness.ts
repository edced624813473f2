/** How late a timer was over some time, in milliseconds. */
export interface Lateness {
  readonly p99: number;
  readonly max: number;
}

/**
 * Adds up how late the ticks of a timer come. Each tick is measured from the
 * one before, also the first of a new interval: no stall falls between two.
 */
export class LatenessWindow {
  readonly #tickMs: number;
  readonly #everyMs: number;
  readonly #samples: number[] = [];
  #lastMs: number;
  #sinceMs: number;

  /** A timer that ticks every `tickMs` is told of every `everyMs`; `nowMs` is a monotonic clock's. */
  constructor(tickMs: number, everyMs: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#everyMs = everyMs;
    this.#lastMs = nowMs;
    this.#sinceMs = nowMs;
  }

  /** Takes a tick; what came together, once an interval is over. */
  tick(nowMs: number): Lateness | undefined {
    this.#sample(nowMs);
    return nowMs - this.#sinceMs < this.#everyMs ? undefined : this.#take(nowMs);
  }

  /** What came together since the last interval, with the tick that is due. */
  rest(nowMs: number): Lateness {
    this.#sample(nowMs);
    return this.#take(nowMs);
  }

  #sample(nowMs: number): void {
    this.#samples.push(Math.max(0, nowMs - this.#lastMs - this.#tickMs));
    this.#lastMs = nowMs;
  }

  #take(nowMs: number): Lateness {
    const sorted = this.#samples.splice(0).sort((a, b) => a - b);
    this.#sinceMs = nowMs;
    return { p99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0, max: sorted.at(-1) ?? 0 };
  }
}
