import { type Kind, lockAcquired, lockReleased, lockWait, threadExit } from "@wayward/record";

/** One record of a program. */
export interface Step {
  readonly lane: number;
  /** Nanoseconds since the start. */
  readonly time: number;
  readonly kind: Kind;
  /** Number of a lock; undefined for what is of none. */
  readonly lock: number | undefined;
  readonly mode: number;
}

export interface ProgramOptions {
  readonly lanes: number;
  readonly locks: number;
  readonly steps: number;
  /** Lanes end now and then, and others come that have their numbers. */
  readonly exits?: boolean;
  /** Lanes end now and then without a record of it, and what they held is free. */
  readonly vanish?: boolean;
}

/** What a lane of the program holds and waits for. */
interface State {
  held: { readonly lock: number; readonly mode: number }[];
  waits: { readonly lock: number; readonly mode: number } | undefined;
}

/** Numbers below `most`, the same for a seed. */
export function randomOf(seed: number): (most: number) => number {
  let state = (seed * 7919 + 1) >>> 0;
  return (most) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % most;
  };
}

/**
 * The records of lanes that do nothing wrong: they take locks in order of
 * number, wait for what excludes them, release what they hold and hold
 * nothing as they end. Odd locks are taken by readers too.
 */
export function innocentProgram(seed: number, { lanes, locks, steps, exits, vanish }: ProgramOptions): Step[] {
  const random = randomOf(seed);
  const states: State[] = Array.from({ length: lanes }, () => ({ held: [], waits: undefined }));
  const made: Step[] = [];
  let time = 0;
  const add = (lane: number, kind: Kind, lock?: number, mode = 0) => {
    time += 1 + random(50);
    made.push({ lane, time, kind, lock, mode });
  };
  const isFree = (lock: number, mode: number) =>
    states.every(({ held }) => held.every((hold) => hold.lock !== lock || (mode !== 0 && hold.mode !== 0)));
  const acquire = (lane: number, state: State, lock: number, mode: number) => {
    state.waits = undefined;
    state.held.push({ lock, mode });
    add(lane, lockAcquired, lock, mode);
  };
  const turn = (lane: number, isLast: boolean) => {
    const state = states[lane]!;
    if (state.waits !== undefined) {
      const { lock, mode } = state.waits;
      if (lock !== NEVER && isFree(lock, mode)) acquire(lane, state, lock, mode);
      return;
    }
    if (state.held.length > 0 && (isLast || random(2) === 0)) {
      const [{ lock, mode }] = state.held.splice(random(state.held.length), 1) as [State["held"][number]];
      add(lane, lockReleased, lock, mode);
      return;
    }
    if (isLast) return;
    const least = Math.max(-1, ...state.held.map(({ lock }) => lock)) + 1;
    if (least >= locks) return;
    const lock = least + random(locks - least);
    const mode = lock % 2 === 0 ? 0 : random(2);
    if (isFree(lock, mode)) acquire(lane, state, lock, mode);
    else {
      state.waits = { lock, mode };
      add(lane, lockWait, lock, mode);
    }
  };
  while (made.length < steps) {
    const lane = random(lanes);
    const state = states[lane]!;
    turn(lane, false);
    if (exits && state.held.length === 0 && state.waits === undefined && random(20) === 0) add(lane, threadExit);
    // The last lane stays, so that the program goes on.
    if (vanish && lane < lanes - 1 && state.waits === undefined && random(40) === 0) {
      state.held = [];
      state.waits = { lock: NEVER, mode: 0 };
    }
  }
  // All that is held is released: those who wait get theirs and release it too.
  for (let round = 0; round < lanes * locks * 4; round++) {
    for (let lane = 0; lane < lanes; lane++) turn(lane, true);
  }
  return made;
}

/** What a vanished lane waits for. */
const NEVER = -1;
