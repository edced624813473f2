import type { Explored } from "./explore.ts";
import type { Mode, Program } from "./program.ts";

/**
 * Why a cycle that was reported can never hang:
 * `single-lane`: one lane makes all its edges;
 * `guarded`: lanes that make different edges hold a lock in common there;
 * `ordered`: no interleaving brings the lanes to their edges at one time, since
 * locks that they take on the way, and no more hold there, keep them apart;
 * `class-level`: the lanes are fewer than the edges, or all stand at them and
 * pass, since a reader meets a reader and no writer waits between them.
 */
export const LABELS = ["guarded", "single-lane", "class-level", "ordered"] as const;
export type Label = (typeof LABELS)[number];

/** A lane acquires `to` at its step `at` while it holds `from`. */
interface Edge {
  readonly lane: number;
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly toMode: Mode;
  /** All that it holds there, by lock. */
  readonly held: ReadonlyMap<number, Mode>;
}

/**
 * The reason for a cycle of locks, each acquired while the one before is
 * held, of a program that cannot hang; undefined if there is none, so that
 * the report is wrong.
 */
export function labelOf(program: Program, explored: Explored, cycle: readonly number[]): Label | undefined {
  const edges = edgesOf(program);
  const byJoint = cycle.map((from, index) => {
    const to = cycle[(index + 1) % cycle.length];
    return edges.filter((edge) => edge.from === from && edge.to === to);
  });
  if (cycle.length < 2 || byJoint.some((made) => made.length === 0)) return undefined;
  if (new Set(byJoint.flat().map(({ lane }) => lane)).size === 1) return "single-lane";
  const choices = choose(byJoint);
  if (choices.length === 0) return "class-level";
  const unguarded = choices.filter((choice) => !isGuarded(choice));
  if (unguarded.length === 0) return "guarded";
  const met = unguarded.filter((choice) =>
    explored.meet(choice.map(({ lane, at, from }) => ({ lane, at, lock: from }))),
  );
  if (met.length === 0) return "ordered";
  return met.some(blocks) ? undefined : "class-level";
}

/** What a lane makes that runs alone: a try makes no edge, but is held. */
function edgesOf(program: Program): Edge[] {
  return program.flatMap((steps, lane) => {
    const held = new Map<number, Mode>();
    const made: Edge[] = [];
    for (const [at, { op, lock, mode }] of steps.entries()) {
      if (op === "release") held.delete(lock);
      else {
        const now = new Map(held);
        if (op === "acquire")
          for (const from of now.keys()) made.push({ lane, at, from, to: lock, toMode: mode, held: now });
        held.set(lock, mode);
      }
    }
    return made;
  });
}

/** One edge for each joint, no two of one lane. */
function choose([first, ...rest]: readonly (readonly Edge[])[], lanes: readonly number[] = []): Edge[][] {
  if (first === undefined) return [[]];
  return first
    .filter(({ lane }) => !lanes.includes(lane))
    .flatMap((edge) => choose(rest, [...lanes, edge.lane]).map((others) => [edge, ...others]));
}

/** Two of the lanes hold one lock there, and at least one of them holds it alone. */
function isGuarded(choice: readonly Edge[]): boolean {
  return choice.some((one, index) =>
    choice.slice(index + 1).some((other) =>
      [...one.held].some(([lock, mode]) => {
        const also = other.held.get(lock);
        return also !== undefined && (mode === "exclusive" || also === "exclusive");
      }),
    ),
  );
}

/** Each lane has to wait for the next one. */
function blocks(choice: readonly Edge[]): boolean {
  return choice.every(({ to, toMode }, index) => {
    const holds = choice[(index + 1) % choice.length]!.held.get(to);
    return toMode === "exclusive" || holds === "exclusive";
  });
}
