import { backoffMs, delay, WaywardError } from "@wayward/base";
import { errorFacts, type Facts, type Log } from "./log.ts";
import type { Part } from "./serve.ts";

/** A service that was started. */
export interface Started {
  readonly parts: readonly Part[];
  /** For the line that says it is ready. */
  readonly facts: Facts;
}

/** Opens what a service stands on, such as its bus; it is closed after the service. */
export type Open = <T extends Closable>(opening: Promise<T>) => Promise<T>;

interface Closable {
  close(): Promise<void>;
}

/** Between two tries: from the first to the longest. */
const TRY_FIRST_MS = 500;
const TRY_MOST_MS = 10_000;

/** Starts a service again and again as long as what it stands on is not there yet. */
export class BringUp {
  readonly #log: Log;
  #opened: Closable[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Throws what no second try will change, and the signal's reason when it aborts. */
  async start(begin: (open: Open) => Promise<Started>, signal: AbortSignal): Promise<Started> {
    const open: Open = async (opening) => {
      const opened = await opening;
      this.#opened.push(opened);
      return opened;
    };
    for (let attempt = 0; ; attempt++) {
      try {
        return await Promise.race([begin(open), aborted(signal)]);
      } catch (error) {
        await this.close();
        if (signal.aborted || WaywardError.from(error).code !== "UNAVAILABLE") throw error;
        const waitMs = Math.round(backoffMs(attempt, Math.random(), TRY_FIRST_MS, TRY_MOST_MS));
        this.#log.warn("cannot start yet; trying again", { attempt: attempt + 1, inMs: waitMs, ...errorFacts(error) });
        await delay(waitMs, signal);
      }
    }
  }

  /** Closes what was opened, the last first, whatever becomes of the others. */
  async close(): Promise<void> {
    const opened = this.#opened.reverse();
    this.#opened = [];
    for (const one of opened) {
      await one.close().catch((error: unknown) => this.#log.warn("not closed in good order", errorFacts(error)));
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
