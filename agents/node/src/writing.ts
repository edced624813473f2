import { block as api } from "@wayward/api";
import { parseEnvelope } from "@wayward/block";
import type { Spool } from "@wayward/collector";
import { DROP_CAUSES, dropRecords, type SessionId, sessionText } from "@wayward/record";
import type { Recorder } from "./recorder.ts";
import type { Sink } from "./sink.ts";
import { tell } from "./tell.ts";

/** A session with its spool. */
export interface Opened {
  readonly session: SessionId;
  readonly description: api.SessionDescription;
  readonly spool: Spool;
}

/** Opens this process's session, or the one that continues `before`. Throws what the file system throws. */
export type Open = (before?: Opened) => Opened;

type Drop = readonly (number | bigint)[];

/**
 * The session that this process writes now. Where it slept so long that
 * another process has ended its session, it goes on in a new one: the same
 * numbers, the same open zones and locks, and all that is staged.
 */
export class Writing implements Sink {
  readonly #open: Open;
  #opened: Opened;
  /** Blocks up to here are of the session before, and nobody takes them any more. */
  #staleUntil: bigint | undefined;
  readonly #untold: Drop[] = [];
  #problem = "";

  constructor(open: Open) {
    this.#open = open;
    this.#opened = open();
  }

  get opened(): Opened {
    return this.#opened;
  }

  /** Goes on in a new session, if the present one was taken over; true then. While no spool can be opened, nothing may be flushed. */
  goOn(recorder: Recorder): boolean {
    if (!this.#opened.spool.takenOver()) return false;
    const before = this.#opened;
    try {
      this.#opened = this.#open(before);
    } catch (error) {
      this.#fail(String(error));
      return false;
    }
    this.#problem = "";
    if (recorder.isRefused) this.#staleUntil = recorder.lastSeq;
    const { session, description } = this.#opened;
    recorder.writer.goOnAs(session, description);
    recorder.flush();
    for (const values of this.#untold.splice(0)) recorder.record(dropRecords, values);
    tell(`${before.spool.lost?.message ?? ""}; session ${sessionText(session)} continues it`);
    return true;
  }

  /** Says something else of the session; before its block 0 only. Throws what the file system throws. */
  describe(recorder: Recorder, description: api.SessionDescription): void {
    this.#opened.spool.describe(api.SessionDescription.encode(description).finish());
    recorder.writer.describe(description);
    this.#opened = { ...this.#opened, description };
  }

  append(seq: bigint, bytes: Uint8Array, last: boolean): void {
    if (this.#staleUntil === undefined) {
      this.#opened.spool.append(seq, bytes, last);
      return;
    }
    this.#lose(bytes);
    if (seq === this.#staleUntil) this.#staleUntil = undefined;
  }

  /** A block that the spool of the session before had no room for: its records are told as lost. */
  #lose(bytes: Uint8Array): void {
    const parsed = parseEnvelope(bytes);
    if (parsed.error !== undefined || parsed.value.header.recordCount === 0) return;
    const { recordCount, firstTime, lastTime } = parsed.value.header;
    // Of any lane: only the block's reader could know which.
    this.#untold.push([0, 0n, BigInt(recordCount), firstTime, lastTime, DROP_CAUSES.indexOf("spool-full")]);
  }

  #fail(problem: string): void {
    if (problem !== this.#problem) tell(`${problem}; nothing is written until another spool can be opened`);
    this.#problem = problem;
  }
}
