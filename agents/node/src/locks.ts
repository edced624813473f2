import { WaywardError } from "@wayward/base";
import {
  LOCK_MODES,
  type LockMode,
  lockAcquired,
  lockCreated,
  lockDowngraded,
  lockReleased,
  lockTimedOut,
  lockTryFailed,
  lockWait,
  semaphoreAcquired,
  semaphorePost,
  semaphoreTimedOut,
  semaphoreTryFailed,
  semaphoreWait,
} from "@wayward/record";
import type { LockClass } from "./lock-class.ts";
import type { LockPlaces } from "./lock-places.ts";
import type { Place } from "./place.ts";
import type { Recorder } from "./recorder.ts";

/** What was acquired; `release` or `using` gives it back, once. */
export interface Held extends Disposable {
  release(): void;
}

/** A lock held alone, which may become one held with readers. */
export interface HeldAlone extends Held {
  /** Lets readers in; the lock stays held. */
  downgrade(): void;
}

interface Waiting {
  readonly mode: LockMode;
  readonly grant: () => void;
}

const TRIED = true;

/** What a lock is made of. */
interface LockParts {
  readonly recorder: Recorder;
  /** The object's number in the dictionary. */
  readonly object: number;
  /** Says what is recorded. An acquisition is recorded whole or not at all: it is decided once, when it begins. */
  readonly lockClass: LockClass;
  readonly places: LockPlaces;
  /** Number of the site where it is made. */
  readonly site: number;
}

/** A lock of one writer or many readers for asynchronous code, first come first served. */
export class RwLock {
  readonly #turns: Turns;
  readonly #places: LockPlaces;

  constructor(parts: LockParts) {
    this.#turns = new Turns(parts);
    this.#places = parts.places;
  }

  /** Resolves when the lock is held alone. Rejects with DEADLINE_EXCEEDED / LOCK_TIMEOUT after `withinMs`. */
  write(withinMs?: number): Promise<HeldAlone> {
    return this.#turns.acquire("exclusive", withinMs, this.#places.at("write", this.write));
  }

  /** Resolves when the lock is held with other readers. Rejects with DEADLINE_EXCEEDED / LOCK_TIMEOUT after `withinMs`. */
  read(withinMs?: number): Promise<Held> {
    return this.#turns.acquire("shared", withinMs, this.#places.at("read", this.read));
  }

  /** The lock held alone, if that is possible at once. */
  tryWrite(): HeldAlone | undefined {
    return this.#turns.try("exclusive", this.#places.at("tryWrite", this.tryWrite));
  }

  /** The lock held with other readers, if that is possible at once. */
  tryRead(): Held | undefined {
    return this.#turns.try("shared", this.#places.at("tryRead", this.tryRead));
  }
}

/** A lock for asynchronous code that one holds at a time, first come first served. */
export class Mutex {
  readonly #turns: Turns;
  readonly #places: LockPlaces;

  constructor(parts: LockParts) {
    this.#turns = new Turns(parts);
    this.#places = parts.places;
  }

  /** Resolves when the lock is held. Rejects with DEADLINE_EXCEEDED / LOCK_TIMEOUT after `withinMs`. */
  acquire(withinMs?: number): Promise<Held> {
    return this.#turns.acquire("exclusive", withinMs, this.#places.at("acquire", this.acquire));
  }

  /** The lock, if it is free. */
  tryAcquire(): Held | undefined {
    return this.#turns.try("exclusive", this.#places.at("tryAcquire", this.tryAcquire));
  }

  /** Runs `work` while the lock is held. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    const lock = await this.#turns.acquire("exclusive", undefined, this.#places.at("run", this.run));
    try {
      return await work();
    } finally {
      lock.release();
    }
  }
}

/** Lets so many in at a time, first come first served. */
export class Semaphore {
  readonly #recorder: Recorder;
  readonly #semaphore: number;
  readonly #class: LockClass;
  readonly #places: LockPlaces;
  #waiting: (() => void)[] = [];
  #free: number;

  constructor({ recorder, object, lockClass, places }: LockParts, permits: number) {
    this.#recorder = recorder;
    this.#class = lockClass;
    this.#semaphore = object;
    this.#places = places;
    this.#free = permits;
  }

  /** Resolves when there is room. Rejects with DEADLINE_EXCEEDED / LOCK_TIMEOUT after `withinMs`. */
  acquire(withinMs?: number): Promise<Held> {
    return this.#acquire(withinMs, this.#places.at("acquire", this.acquire));
  }

  /** A place, if there is room. */
  tryAcquire(): Held | undefined {
    const place = this.#places.at("tryAcquire", this.tryAcquire);
    const recorded = this.#class.takes(false);
    if (this.#free === 0) {
      if (recorded) this.#recorder.recordAt(semaphoreTryFailed, [this.#semaphore], place);
      return undefined;
    }
    this.#free--;
    if (recorded) this.#recorder.recordAt(semaphoreAcquired, [this.#semaphore, TRIED], place);
    return this.#held(recorded);
  }

  async #acquire(withinMs: number | undefined, place: Place): Promise<Held> {
    const recorded = this.#class.takes(this.#free === 0);
    if (this.#free > 0) this.#free--;
    else {
      if (recorded) this.#recorder.recordAt(semaphoreWait, [this.#semaphore], place);
      if (!(await this.#wait(withinMs))) {
        if (recorded) this.#recorder.recordAt(semaphoreTimedOut, [this.#semaphore], place);
        throw timedOut("the semaphore", withinMs);
      }
    }
    if (recorded) this.#recorder.recordAt(semaphoreAcquired, [this.#semaphore], place);
    return this.#held(recorded);
  }

  #wait(withinMs: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const grant = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = inTime(withinMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== grant);
        resolve(false);
      });
      this.#waiting.push(grant);
    });
  }

  #held(recorded: boolean): Held {
    return held(() => {
      if (recorded) this.#recorder.record(semaphorePost, [this.#semaphore]);
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    });
  }
}

/** The turns of one lock, first come first served. Waits are recorded only where somebody had to wait. */
class Turns {
  readonly #recorder: Recorder;
  readonly #lock: number;
  readonly #class: LockClass;
  readonly #places: LockPlaces;
  #waiting: Waiting[] = [];
  #readers = 0;
  #writing = false;

  constructor({ recorder, object, lockClass, places, site }: LockParts) {
    this.#recorder = recorder;
    this.#lock = object;
    this.#class = lockClass;
    this.#places = places;
    if (lockClass.isOn) recorder.record(lockCreated, [object], site);
  }

  /** Waits for its turn. Rejects with DEADLINE_EXCEEDED / LOCK_TIMEOUT after `withinMs`. */
  async acquire(mode: LockMode, withinMs: number | undefined, place: Place): Promise<HeldAlone> {
    const number = LOCK_MODES.indexOf(mode);
    const isFree = this.#mayTake(mode);
    const recorded = this.#class.takes(!isFree);
    if (isFree) this.#take(mode);
    else {
      if (recorded) this.#recorder.recordAt(lockWait, [this.#lock, number], place);
      if (!(await this.#wait(mode, withinMs))) {
        if (recorded) this.#recorder.recordAt(lockTimedOut, [this.#lock, number, 0], place);
        throw timedOut("the lock", withinMs);
      }
    }
    if (recorded) this.#recorder.recordAt(lockAcquired, [this.#lock, number], place);
    return this.#held(mode, recorded);
  }

  /** Takes it if that is possible at once. */
  try(mode: LockMode, place: Place): HeldAlone | undefined {
    const number = LOCK_MODES.indexOf(mode);
    const recorded = this.#class.takes(false);
    if (!this.#mayTake(mode)) {
      if (recorded) this.#recorder.recordAt(lockTryFailed, [this.#lock, number], place);
      return undefined;
    }
    this.#take(mode);
    if (recorded) this.#recorder.recordAt(lockAcquired, [this.#lock, number, undefined, 0, undefined, TRIED], place);
    return this.#held(mode, recorded);
  }

  #held(taken: LockMode, recorded: boolean): HeldAlone {
    let mode = taken;
    const lane = recorded ? this.#places.take() : 0;
    const given = held(() => {
      if (recorded) {
        this.#recorder.record(lockReleased, [this.#lock, LOCK_MODES.indexOf(mode)]);
        this.#places.give(lane);
      }
      if (mode === "exclusive") this.#writing = false;
      else this.#readers--;
      this.#grantNext();
    });
    const downgrade = () => {
      if (mode !== "exclusive") return;
      mode = "shared";
      if (recorded) this.#recorder.record(lockDowngraded, [this.#lock]);
      this.#writing = false;
      this.#readers++;
      this.#grantNext();
    };
    return Object.assign(given, { downgrade });
  }

  /** True once it was granted, false if that took too long. */
  #wait(mode: LockMode, withinMs: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting = { mode, grant: () => finish(true) };
      const finish = (granted: boolean) => {
        clearTimeout(timer);
        resolve(granted);
      };
      const timer = inTime(withinMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        // Those behind may not need to wait for what this one asked for.
        this.#grantNext();
        finish(false);
      });
      this.#waiting.push(waiting);
    });
  }

  #mayTake(mode: LockMode): boolean {
    return this.#waiting.length === 0 && this.#isFree(mode);
  }

  #isFree(mode: LockMode): boolean {
    return !this.#writing && (mode === "shared" || this.#readers === 0);
  }

  #take(mode: LockMode): void {
    if (mode === "exclusive") this.#writing = true;
    else this.#readers++;
  }

  #grantNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#isFree(next.mode); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.mode);
      next.grant();
    }
  }
}

function inTime(withinMs: number | undefined, late: () => void): NodeJS.Timeout | undefined {
  return withinMs === undefined ? undefined : setTimeout(late, withinMs);
}

function timedOut(what: string, withinMs: number | undefined): WaywardError {
  return new WaywardError("DEADLINE_EXCEEDED", "LOCK_TIMEOUT", `${what} was not free within ${withinMs} ms`);
}

function held(giveBack: () => void): Held {
  let done = false;
  const release = () => {
    if (done) return;
    done = true;
    giveBack();
  };
  // Node 20 knows `using` by this symbol only after the agent's first import.
  return { release, [Symbol.dispose ?? Symbol.for("nodejs.dispose")]: release } as Held;
}
