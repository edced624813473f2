import type { Ages } from "./log-owner.ts";
import type { LogOwners } from "./log-owners.ts";

export interface TendingOptions extends Ages {
  /** Bytes of this partition's blocks above which the oldest sessions go; 0 for no limit. */
  readonly keepBytes: number;
  /** Between two looks at what others wrote into the log, in milliseconds. */
  readonly tendMs: number;
}

/** Between two looks for orphans and silent sessions, each of which writes an object. */
const SWEEP_EVERY_MS = 6 * 3600 * 1000;

/** What a partition's logs need now and then, blocks or none: what a deletion leaves goes on a quiet one too. */
export class Tending {
  readonly #options: TendingOptions;
  readonly #owners: LogOwners;
  #tendedMs = Number.NEGATIVE_INFINITY;
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(options: TendingOptions, owners: LogOwners) {
    this.#options = options;
    this.#owners = owners;
  }

  async ifDue(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    if (signal.aborted || now - this.#tendedMs < this.#options.tendMs) return;
    this.#tendedMs = now;
    const isSweep = now - this.#sweptMs >= SWEEP_EVERY_MS;
    const written = (await this.#owners.all()).filter(({ log }) => log.n >= 0n);
    for (const owner of written) {
      await owner.catchUp();
      if (isSweep) await owner.sweep(this.#options, signal);
      await owner.retain(this.#options.keepBytes, signal);
    }
    if (isSweep && written.length > 0) this.#sweptMs = now;
  }
}
