import type { Dictionary, OpenSet } from "@wayward/block";
import type { Batch } from "../batch.ts";
import type { Finding } from "../finding.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { removeAll } from "./holders.ts";
import { ownHold, pushHold } from "./holds.ts";
import { endHoles, noteHole, noteHoles } from "./holes.ts";
import { setState } from "./lifetime.ts";
import { lockOf } from "./lookup.ts";
import { boundChains, countEdges } from "./order/count-edges.ts";
import { judgeWoken } from "./rules/condition.ts";
import { judgeLongWait } from "./rules/live.ts";
import type { Run } from "./run.ts";
import { createSession, laneOf } from "./session.ts";
import type { LockSession } from "./state.ts";
import { stepBatch } from "./step.ts";

export interface FoldOptions {
  /** Count functions and lanes of each lock too: several times slower. A checkpoint says so itself. */
  readonly detail?: boolean;
  /** Threads and workers run event loops: what one holds may be held by any of its flows of code. */
  readonly loops?: boolean;
  /** A wait that lasts so long is told. Default 30 s; a checkpoint says so itself. */
  readonly longWaitMs?: number;
  /** Chains of held locks that are remembered between blocks. Default 1,048,576, which is 25 MB. */
  readonly chainsMax?: number;
  /** What `checkpoint` has given: the fold goes on from there. */
  readonly checkpoint?: Uint8Array;
}

/**
 * All lock analyses of one session as a fold over its blocks, in order of
 * seq: order, contexts, misuse, contention and who waits for whom, in one
 * pass. Memory is bounded: 65,536 classes, 262,144 locks, a million edges and
 * chains, 10,000 findings, contention points and pairs of lanes, 100,000
 * functions and lanes of locks where those are asked for; what is beyond is
 * counted in `leftOut`. It also grows with what is held and waited for, and
 * with the lanes that exist.
 */
export class LockFold {
  readonly session: LockSession;
  readonly #dictionary: Dictionary;
  readonly #chainsMax: number;
  #run: Run | undefined;

  /** `dictionary` holds what the session has defined; whoever feeds the blocks adds to it. */
  constructor(
    dictionary: Dictionary,
    { detail = false, loops = false, longWaitMs = 30_000, chainsMax = 1 << 20, checkpoint }: FoldOptions = {},
  ) {
    this.#dictionary = dictionary;
    this.#chainsMax = chainsMax;
    this.session =
      checkpoint === undefined ? createSession(detail, loops, longWaitMs * 1e6) : readCheckpoint(checkpoint);
  }

  /** Takes a block. Where the one before it is missing, what was open then is taken from its open set. */
  step(seq: bigint, batch: Batch, openSet: () => OpenSet): void {
    if (this.session.nextSeq === undefined ? seq !== 0n : seq !== this.session.nextSeq) this.#resume(batch, openSet());
    this.session.nextSeq = seq + 1n;
    noteHoles(this.session, batch);
    stepBatch(this.#runOf(batch), batch);
    endHoles(this.session, batch);
    boundChains(this.session, this.#chainsMax);
  }

  /** The state as it is now: the fold goes on from it elsewhere. */
  checkpoint(): Uint8Array {
    return writeCheckpoint(this.session);
  }

  /** What has been found so far. */
  get findings(): readonly Finding[] {
    return [...this.session.findings.values()];
  }

  /** Judges the waits that last by the time it is now, in nanoseconds since the start: no record may come of them. */
  tick(now: number): void {
    const { session } = this;
    const told = { session, dictionary: this.#dictionary, time: session.now };
    for (const { waits } of session.lanes.values()) for (const wait of waits) judgeLongWait(told, wait, now);
  }

  /** What was read has been all. `ended`: no more records will come, so what waits now waits for ever. */
  finish(ended: boolean): readonly Finding[] {
    countEdges(this.session);
    this.tick(this.session.now);
    if (!ended) return this.findings;
    for (const condition of this.session.locks.values()) {
      for (const sleeper of condition.sleepers) if (!sleeper.woken) judgeWoken(this.session, condition, sleeper);
    }
    return this.findings;
  }

  #runOf(batch: Batch): Run {
    this.#run ??= {
      session: this.session,
      dictionary: this.#dictionary,
      batch,
      index: 0,
      lane: laneOf(this.session, 0),
      time: 0,
    };
    return this.#run;
  }

  /** Blocks before this one were not seen: what is held is what its open set says. */
  #resume(batch: Batch, openSet: OpenSet): void {
    const { session } = this;
    for (const lane of session.lanes.values()) {
      lane.holds = [];
      lane.waits = [];
      lane.frames = [];
      lane.answers = undefined;
      lane.masks = 0;
      lane.tries = [];
      lane.chain = 0;
      lane.stands = false;
      lane.standsAt = undefined;
      lane.joins = undefined;
      lane.next = -1;
    }
    for (const lock of [...session.locks.values(), ...session.perLane.values()]) {
      removeAll(session, lock);
      lock.sleepers = [];
      lock.arrived = [];
    }
    noteHole(session, undefined, Infinity);
    const run = this.#runOf(batch);
    for (const { kind, lane: id, subject, detail, start, eventNo } of openSet.entries) {
      if (kind !== "held") continue;
      const lane = laneOf(session, id);
      const lock = lockOf(session, this.#dictionary, subject, id);
      if (lock.state === "unused") setState(session, lock, "live");
      const known = ownHold(lane, lock);
      if (known !== undefined) known.depth++;
      else {
        const asked = { lock, mode: detail, subclass: 0, tried: true, ticket: 0 };
        const hold = pushHold({ ...run, lane }, asked, { eventNo, time: start, site: 0, stack: 0 });
        // Subclass, what it was nested in, and whether it is lent to a condition's wait are not listed.
        hold.unsure = true;
      }
    }
  }
}
