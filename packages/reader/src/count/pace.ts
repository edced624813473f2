import { setImmediate } from "node:timers/promises";

/** What is in memory is counted without a wait: so long at a time, or nobody else is served and no cancelling heard. */
const TURN_MS = 20;

/** How a long count goes on: it stops when nobody wants it any more, and lets others have their turn. */
export class Pace {
  readonly #signal: AbortSignal;
  #sinceMs = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Call it before each session and block. Throws the signal's reason once that has aborted. */
  async step(): Promise<void> {
    if (performance.now() - this.#sinceMs > TURN_MS) {
      await setImmediate();
      this.#sinceMs = performance.now();
    }
    this.#signal.throwIfAborted();
  }
}
