import { MODES, type Program, type Step } from "./program.ts";

/** Steps of a lane, with the end. */
const STEPS_MAX = 16;

/** A lane stands before its step `at` and holds `lock`. */
export interface Point {
  readonly lane: number;
  readonly at: number;
  readonly lock: number;
}

/** The moments that a program can be in, and whether it can hang. */
export interface Explored {
  /** Lanes can wait for each other for ever. */
  readonly deadlock: boolean;
  /** True if there is a moment at which all of this holds. Only for programs that cannot hang: the search stops at a hang. */
  meet(points: readonly Point[]): boolean;
}

/** One moment. What it holds never changes. */
interface State {
  /** The next step of each lane. */
  readonly at: readonly number[];
  /** For each lane by lock: 0, or the place in MODES of how it is held plus one. */
  readonly held: readonly (readonly number[])[];
  /** Lanes that wait, in the order in which they began. */
  readonly queue: readonly number[];
}

/**
 * Goes through all interleavings. A writer needs the lock free. A shared
 * reader is stopped by a writer that holds the lock or began to wait for it
 * before him, a shared-recursive one by one that holds it. Without readers
 * the order in which lanes wait changes nothing and is not told apart.
 */
export function explore(program: Program): Explored {
  const queues = program.some((steps) => steps.some(({ mode }) => mode !== "exclusive"));
  const start: State = { at: program.map(() => 0), held: program.map(() => [0, 0, 0, 0]), queue: [] };
  const seen = new Map<number, State>([[keyOf(start), start]]);
  // A Map's reader comes to what is added meanwhile.
  for (const state of seen.values()) {
    const next = program.map((_, lane) => advance(program, state, lane, queues)).filter((one) => one !== undefined);
    if (next.length === 0 && state.at.some((at, lane) => at < program[lane]!.length)) {
      return { deadlock: true, meet: () => false };
    }
    for (const one of next) {
      const key = keyOf(one);
      if (!seen.has(key)) seen.set(key, one);
    }
  }
  const meet = (points: readonly Point[]) =>
    [...seen.values()].some(({ at, held }) =>
      points.every((point) => at[point.lane] === point.at && held[point.lane]![point.lock] !== 0),
    );
  return { deadlock: false, meet };
}

/** A moment as a whole number of 42 bits at most: 4 for each lane's step, 2 for each of its locks, 2 for each place in the queue. */
function keyOf({ at, held, queue }: State): number {
  let key = 0;
  for (const step of at) key = key * STEPS_MAX + step;
  for (const modes of held) for (const mode of modes) key = key * 4 + mode;
  for (let place = 0; place < at.length; place++) key = key * 4 + (queue[place] ?? at.length);
  return key;
}

/** The moment after the lane's next step; undefined where it cannot move. */
function advance(program: Program, state: State, lane: number, queues: boolean): State | undefined {
  const step = program[lane]![state.at[lane]!];
  if (step === undefined) return undefined;
  const { op, lock, mode } = step;
  if (op === "release") return moved(state, lane, lock, 0);
  if (isGranted(program, state, lane, step)) return moved(state, lane, lock, MODES.indexOf(mode) + 1);
  if (op === "try") return moved(state, lane, lock, 0);
  if (!queues || state.queue.includes(lane)) return undefined;
  return { ...state, queue: [...state.queue, lane] };
}

function isGranted(program: Program, { at, held, queue }: State, lane: number, { lock, mode }: Step): boolean {
  const holds = held.map((modes) => modes[lock]!);
  if (mode === "exclusive") return holds.every((hold) => hold === 0);
  if (holds.some((hold) => hold === MODES.indexOf("exclusive") + 1)) return false;
  if (mode === "shared-recursive") return true;
  const place = queue.indexOf(lane);
  const before = place < 0 ? queue : queue.slice(0, place);
  return !before.some((other) => {
    const waiting = program[other]![at[other]!]!;
    return waiting.lock === lock && waiting.mode === "exclusive";
  });
}

function moved({ at, held, queue }: State, lane: number, lock: number, hold: number): State {
  return {
    at: at.map((step, index) => (index === lane ? step + 1 : step)),
    held: held.map((modes, index) =>
      index === lane ? modes.map((one, place) => (place === lock ? hold : one)) : modes,
    ),
    queue: queue.filter((one) => one !== lane),
  };
}
