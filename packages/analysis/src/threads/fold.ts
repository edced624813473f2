import { deserialize, serialize } from "node:v8";
import type { Dictionary, OpenSet } from "@wayward/block";
import type { Batch } from "../batch.ts";
import { CAUSES } from "./causes.ts";
import { beginLane } from "./lanes.ts";
import { createThreads, type ThreadSession } from "./state.ts";
import { stepLanes } from "./step.ts";
import { waitFor } from "./waits.ts";

const LOCK = CAUSES.indexOf("lock");

/**
 * The lanes of one session, and what they wait for, as a fold over its blocks
 * in order of seq. A lane waits for a lock or a semaphore from the record that
 * says so to the one that says how it ended; at a condition, at a barrier and
 * for another lane's end until its next record; what is recorded at its end
 * tells how long it took. Memory is bounded: 20,000 lanes are listed, tasks
 * only while there are fewer than 10,000, which takes 18 MB where all have
 * ended; 65,536 further ones are followed at a time, which takes 90 MB, and
 * summed by kind and name, 1,000 of those. Each of them waits for 1,024
 * objects at most. What is beyond is counted in `leftOut`.
 */
export class ThreadFold {
  readonly state: ThreadSession;
  readonly #dictionary: Dictionary;

  /** `dictionary` holds what the session has defined; whoever feeds the blocks adds to it. */
  constructor(dictionary: Dictionary, checkpoint?: Uint8Array) {
    this.#dictionary = dictionary;
    this.state = checkpoint === undefined ? createThreads() : (deserialize(checkpoint) as ThreadSession);
  }

  /** Takes a block. Where the one before it is missing, waits that began there are taken from its open set. */
  step(seq: bigint, batch: Batch, openSet: () => OpenSet): void {
    if (seq !== this.state.nextSeq) this.#resume(openSet());
    this.state.nextSeq = seq + 1n;
    stepLanes(this.state, this.#dictionary, batch);
  }

  /** The state as it is now: the fold goes on from it elsewhere. */
  checkpoint(): Uint8Array {
    return serialize(this.state);
  }

  #resume({ entries }: OpenSet): void {
    const { state } = this;
    for (const lane of state.lanes.values()) if (!lane.ended) lane.doubted = true;
    for (const { kind, lane: id, subject, start, eventNo } of entries) {
      if (kind !== "wait") continue;
      const lane = state.lanes.get(id) ?? beginLane(state, this.#dictionary, id, start, eventNo);
      if (lane === undefined || lane.ended) continue;
      const known = waitFor(lane, subject);
      if (known === undefined) lane.waits.push({ object: subject, cause: LOCK, since: start, count: 1, told: true });
      else known.told = true;
    }
  }
}
