import type { Called } from "./call-stack.ts";
import type { HeldLocks } from "./held-locks.ts";
import { NOWHERE, type Place } from "./place.ts";
import { type Recorder, TASK_NAMES } from "./recorder.ts";

/** What is done to locks, by number: each has places of its own. */
const OPERATION = {
  acquire: 0,
  tryAcquire: 1,
  run: 2,
  read: 3,
  tryRead: 4,
  write: 5,
  tryWrite: 6,
  created: 7,
  wait: 8,
  acquired: 9,
  released: 10,
  upgraded: 11,
  downgraded: 12,
  tryFailed: 13,
  timedOut: 14,
  handedOver: 15,
  asserted: 16,
  pinned: 17,
  unpinned: 18,
  destroyed: 19,
} as const;

export type Operation = keyof typeof OPERATION;

/** More than there are operations, which each part of a key is multiplied by. */
const STRIDE = 32;

/** What all locks of a session share. */
export interface Looking {
  readonly recorder: Recorder;
  readonly held: HeldLocks;
  /** Where `called` was called; undefined where no more places are looked up. */
  readonly look: (called: Called) => Place | undefined;
}

/**
 * The places of one lock's operations. A place is looked up when an operation
 * is met for the first time after this innermost lock that its lane holds, in
 * a task of this name: each order of two locks shows where it comes from, and
 * so does a lock that one sort of task takes first, for one lookup of a number
 * at every further time.
 */
export class LockPlaces {
  /** Undefined where places are not asked for. */
  readonly #looking: Looking | undefined;
  readonly #lock: number;
  /** By the innermost lock that is held, the task's name, and the operation. */
  readonly #known = new Map<number, Place>();

  constructor(lock: number, looking: Looking | undefined) {
    this.#looking = looking;
    this.#lock = lock;
  }

  /** Where the running lane does this: where `called` was called. */
  at(operation: Operation, called: Called): Place {
    return this.#looking === undefined ? NOWHERE : this.#find(this.#looking, operation, called);
  }

  /** The running lane holds it from now on. The lane, for the one who gives it back elsewhere. */
  take(): number {
    return this.#looking === undefined ? 0 : this.#taken(this.#looking);
  }

  /** The lane, or the running one, holds it no more. */
  give(lane?: number): void {
    this.#looking?.held.give(lane ?? this.#looking.recorder.flow.lane, this.#lock);
  }

  /** The running lane has given it to another one. */
  pass(to: number): void {
    this.give();
    this.#looking?.held.take(to, this.#lock);
  }

  /** Nobody holds it any more. */
  forget(): void {
    this.#looking?.held.forget(this.#lock);
  }

  #find({ recorder, held, look }: Looking, operation: Operation, called: Called): Place {
    const { lane, task } = recorder.flow;
    const key = (held.innermost(lane) * TASK_NAMES + task) * STRIDE + OPERATION[operation];
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const place = look(called);
    // What is kept is bounded as places are.
    if (place !== undefined) this.#known.set(key, place);
    return place ?? NOWHERE;
  }

  #taken({ recorder, held }: Looking): number {
    const { lane } = recorder.flow;
    held.take(lane, this.#lock);
    return lane;
  }
}
