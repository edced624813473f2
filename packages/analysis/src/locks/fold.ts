import { deserialize, serialize } from "node:v8";
import type { Dictionary, OpenSet } from "@wayward/block";
import type { Batch } from "../batch.ts";
import type { Finding } from "../finding.ts";
import { pushHold } from "./acquire.ts";
import { lockOf } from "./lookup.ts";
import { boundChains, countEdges } from "./order/count-edges.ts";
import { judgeWoken } from "./rules/condition.ts";
import { judgeLongWait } from "./rules/live.ts";
import type { Run } from "./run.ts";
import { createSession, laneOf } from "./session.ts";
import type { Hold, Lane, LockSession } from "./state.ts";
import { stepBatch } from "./step.ts";

export interface FoldOptions {
  /** Count functions and lanes of each lock too: several times slower. A checkpoint says so itself. */
  readonly detail?: boolean;
  /** Threads and workers run event loops: what one holds may be held by any of its flows of code. */
  readonly loops?: boolean;
  /** What `checkpoint` has given: the fold goes on from there. */
  readonly checkpoint?: Uint8Array;
}

/**
 * All lock analyses of one session as a fold over its blocks, in order of
 * seq: order, contexts, misuse, contention and who waits for whom, in one
 * pass. Memory is bounded: 65,536 classes, a million edges and chains,
 * 10,000 findings, contention points and pairs of lanes, 100,000 functions
 * and lanes of locks where those are asked for; what is beyond is counted in
 * `leftOut`. It also grows with what is held and waited for, and with the
 * locks and lanes that exist.
 */
export class LockFold {
  readonly session: LockSession;
  readonly #dictionary: Dictionary;
  #run: Run | undefined;

  /** `dictionary` holds what the session has defined; whoever feeds the blocks adds to it. */
  constructor(dictionary: Dictionary, { detail = false, loops = false, checkpoint }: FoldOptions = {}) {
    this.#dictionary = dictionary;
    this.session = checkpoint === undefined ? createSession(detail, loops) : (deserialize(checkpoint) as LockSession);
  }

  /** Takes a block. Where the one before it is missing, what was open then is taken from its open set. */
  step(seq: bigint, batch: Batch, openSet: () => OpenSet): void {
    if (this.session.nextSeq === undefined ? seq !== 0n : seq !== this.session.nextSeq) this.#resume(batch, openSet());
    this.session.nextSeq = seq + 1n;
    this.#noteHoles(batch);
    stepBatch(this.#runOf(batch), batch);
    boundChains(this.session);
  }

  /** The state as it is now: the fold goes on from it elsewhere. */
  checkpoint(): Uint8Array {
    return serialize(this.session);
  }

  /** What has been found so far. */
  get findings(): readonly Finding[] {
    return [...this.session.findings.values()];
  }

  /** Judges the waits that last by the time it is now, in nanoseconds since the start: no record may come of them. */
  tick(now: number): void {
    const run = this.#run;
    if (run === undefined) return;
    for (const { waits } of this.session.lanes.values()) for (const wait of waits) judgeLongWait(run, wait, now);
  }

  /** What was read has been all. `ended`: no more records will come, so what waits now waits for ever. */
  finish(ended: boolean): readonly Finding[] {
    countEdges(this.session);
    this.tick(this.session.now);
    const run = this.#run;
    if (ended && run !== undefined) {
      for (const condition of this.session.locks.values()) {
        for (const sleeper of condition.sleepers) if (!sleeper.woken) judgeWoken(run, condition, sleeper);
      }
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
    // A reader that begins here misses nothing: all that is open is listed.
    if (this.session.nextSeq !== undefined || openSet.leftOut > 0) this.#noteHole();
    for (const lane of session.lanes.values()) {
      lane.holds = [];
      lane.waits = [];
      lane.frames = [];
      lane.answers = undefined;
      lane.chain = 0;
      lane.stands = false;
      lane.standsAt = undefined;
      lane.next = -1;
    }
    for (const lock of [...session.locks.values(), ...session.perLane.values()]) {
      lock.holds = [];
      lock.waiters = [];
      lock.sleepers = [];
      lock.arrived = [];
    }
    const run = this.#runOf(batch);
    for (const { kind, lane: id, subject, detail, start, eventNo, unsure } of openSet.entries) {
      if (kind !== "held") continue;
      const lane = laneOf(session, id);
      const lock = lockOf(session, this.#dictionary, subject, id);
      if (lock.state === "unused") lock.state = "live";
      const hold = pushHold({ ...run, lane, time: start }, { lock, mode: detail, subclass: 0, tried: true, ticket: 0 });
      Object.assign<Hold, Partial<Hold>>(hold, { eventNo, site: 0, stack: 0, unsure });
    }
  }

  /** A lane's numbers that do not follow each other are records that were not kept. */
  #noteHoles(batch: Batch): void {
    const { lanes } = this.session;
    for (const { lane, count, firstEventNo } of batch.runs) {
      const known = lanes.get(lane);
      const next = known?.next ?? -1;
      if (count === 0 || next === -1 || next === firstEventNo) continue;
      this.#noteHole();
      makeUnsure(known);
    }
    if (!batch.hasHoles) return;
    this.#noteHole();
    for (const { lane } of batch.runs) makeUnsure(lanes.get(lane));
  }

  #noteHole(): void {
    const { session } = this;
    session.holes++;
    session.holeSince = ++session.serial;
  }
}

/** What ends a lane's holds and its answer to a call may be missing. */
function makeUnsure(lane: Lane | undefined): void {
  if (lane === undefined) return;
  lane.answers = undefined;
  for (const hold of lane.holds) hold.unsure = true;
}
