import { join } from "node:path";
import { type OffsetSample, wayOf, writeOffset } from "../spool/offset.ts";

/** How often a session's writer gets a sample. */
const EVERY_MS = 30_000;

interface Best {
  sample: OffsetSample | undefined;
  writtenMs: number;
}

/** Gathers the times of acknowledged exchanges, and leaves the best of each half minute with its session. */
export class Offsets {
  readonly #root: string;
  readonly #best = new Map<string, Best>();

  constructor(root: string) {
    this.#root = root;
  }

  add(session: string, sample: OffsetSample, nowMs: number): void {
    // A server or pusher that tells no time.
    if (sample.sent === 0n || sample.serverReceived === 0n) return;
    const best = this.#best.get(session) ?? { sample: undefined, writtenMs: Number.NEGATIVE_INFINITY };
    this.#best.set(session, best);
    if (best.sample === undefined || wayOf(sample) < wayOf(best.sample)) best.sample = sample;
    if (nowMs - best.writtenMs < EVERY_MS) return;
    writeOffset(join(this.#root, session), best.sample);
    best.writtenMs = nowMs;
    best.sample = undefined;
  }

  forget(session: string): void {
    this.#best.delete(session);
  }
}
