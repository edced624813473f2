import {
  LOCK_MODES,
  type LockMode,
  lockAcquired,
  lockCreated,
  lockReleased,
  lockWait,
  semaphoreAcquired,
  semaphorePost,
  semaphoreWait,
} from "@wayward/record";
import type { Recorder } from "./recorder.ts";

/** What was acquired; `release` or `using` gives it back, once. */
export interface Held extends Disposable {
  release(): void;
}

interface Waiting {
  readonly mode: LockMode;
  readonly grant: () => void;
}

/**
 * A lock for asynchronous code, first come first served: one writer or many
 * readers. Waits are recorded only where somebody had to wait.
 */
export class RwLock {
  readonly #recorder: Recorder;
  readonly #lock: number;
  readonly #waiting: Waiting[] = [];
  #readers = 0;
  #writing = false;

  /** `lock` is the object's number in the dictionary. */
  constructor(recorder: Recorder, lock: number) {
    this.#recorder = recorder;
    this.#lock = lock;
    recorder.record(lockCreated, [lock]);
  }

  /** Resolves when the lock is held alone. */
  write(): Promise<Held> {
    return this.#acquire("exclusive");
  }

  /** Resolves when the lock is held with other readers. */
  read(): Promise<Held> {
    return this.#acquire("shared");
  }

  async #acquire(mode: LockMode): Promise<Held> {
    const number = LOCK_MODES.indexOf(mode);
    if (this.#waiting.length > 0 || !this.#isFree(mode)) {
      this.#recorder.record(lockWait, [this.#lock, number]);
      await new Promise<void>((grant) => this.#waiting.push({ mode, grant }));
    } else this.#take(mode);
    this.#recorder.record(lockAcquired, [this.#lock, number]);
    return held(() => {
      this.#recorder.record(lockReleased, [this.#lock, number]);
      if (mode === "exclusive") this.#writing = false;
      else this.#readers--;
      this.#grantNext();
    });
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

/** A lock for asynchronous code that one holds at a time, first come first served. */
export class Mutex {
  readonly #lock: RwLock;

  constructor(recorder: Recorder, lock: number) {
    this.#lock = new RwLock(recorder, lock);
  }

  /** Resolves when the lock is held. */
  acquire(): Promise<Held> {
    return this.#lock.write();
  }

  /** Runs `work` while the lock is held. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    const lock = await this.acquire();
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
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(recorder: Recorder, semaphore: number, permits: number) {
    this.#recorder = recorder;
    this.#semaphore = semaphore;
    this.#free = permits;
  }

  /** Resolves when there is room. */
  async acquire(): Promise<Held> {
    if (this.#free === 0) {
      this.#recorder.record(semaphoreWait, [this.#semaphore]);
      await new Promise<void>((grant) => this.#waiting.push(grant));
    } else this.#free--;
    this.#recorder.record(semaphoreAcquired, [this.#semaphore]);
    return held(() => {
      this.#recorder.record(semaphorePost, [this.#semaphore]);
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    });
  }
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
