import { lossValues, type Spool, type Untold } from "@wayward/collector";
import { clockAnchor, clockOffset, dropRecords } from "@wayward/record";
import { anchorNow } from "./description.ts";
import type { Recorder } from "./recorder.ts";

/** How often an anchor is recorded. */
const ANCHOR_EVERY_NS = 60_000_000_000n;
/** What wall time may drift from the last anchor before another is recorded: above any slewing, below what confuses people. */
const JUMP_NS = 100_000_000n;

/** What an agent does now and then: places its clock, and tells what was lost on the way. */
export class Upkeep {
  readonly #recorder: Recorder;
  readonly #spool: Spool;
  #anchor = anchorNow();
  /** Recorded, and not in the spool yet. */
  #untold: Untold | undefined;

  constructor(recorder: Recorder, spool: Spool) {
    this.#recorder = recorder;
    this.#spool = spool;
    this.#recordAnchor();
  }

  /** Records an anchor every minute and when wall time was set, and each exchange that a pusher has timed. */
  placeClock(): void {
    const sample = this.#spool.offset();
    if (sample !== undefined) {
      const { sent, serverReceived, serverSent, received } = sample;
      this.#recorder.record(clockOffset, [sent, serverReceived, serverSent, received]);
    }
    const expected = this.#anchor.wall + process.hrtime.bigint() - this.#anchor.clock;
    const drift = BigInt(Date.now()) * 1_000_000n - expected;
    const jumped = drift > JUMP_NS || drift < -JUMP_NS;
    if (!jumped && process.hrtime.bigint() - this.#anchor.clock < ANCHOR_EVERY_NS) return;
    this.#anchor = anchorNow();
    this.#recordAnchor();
  }

  /** Records what the pusher has given up, and writes that at once; it is told once it is in the spool. */
  tellLosses(): void {
    if (this.#untold === undefined) {
      this.#untold = this.#spool.losses();
      if (this.#untold === undefined) return;
      for (const loss of this.#untold.losses) this.#recorder.record(dropRecords, lossValues(loss));
    }
    this.#recorder.flush();
    if (this.#recorder.isRefused) return;
    this.#spool.tell(this.#untold);
    this.#untold = undefined;
  }

  #recordAnchor(): void {
    this.#recorder.record(clockAnchor, [this.#anchor.wall, this.#anchor.uncertainty]);
  }
}
