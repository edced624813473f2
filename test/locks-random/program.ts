/** How a lock is taken. No lock is reentrant: a program never takes what it holds. */
export const MODES = ["exclusive", "shared", "shared-recursive"] as const;
export type Mode = (typeof MODES)[number];

/** A try that fails goes on without the lock, and passes over its release. */
export interface Step {
  readonly op: "acquire" | "try" | "release";
  /** Place among the program's locks. */
  readonly lock: number;
  /** How it is taken; of a release, how what it ends was taken. */
  readonly mode: Mode;
}

/** What each lane does, from holding nothing to holding nothing. */
export type Program = readonly (readonly Step[])[];

export const LANES_MAX = 3;
export const LOCKS_MAX = 4;

/** `blocking`: acquires and releases of mutexes; `readers`: modes of all kinds, and tries. */
export const FAMILIES = ["blocking", "readers"] as const;
export type Family = (typeof FAMILIES)[number];

export function lockName(lock: number): string {
  return "ABCD"[lock]!;
}

/**
 * The program as a line of a lock script in which each lane runs alone, one
 * after another: a run that never hangs.
 */
export function scriptLine(program: Program, family: Family, name: string): string {
  const used = new Set(program.flatMap((steps) => steps.map(({ lock }) => lock)));
  const type = family === "blocking" ? "mutex" : "rwlock";
  const locks = Object.fromEntries([...used].sort().map((lock) => [lockName(lock), { type }]));
  const ops = program.flatMap((steps, lane) =>
    steps.map(({ op, lock, mode }) => {
      const plain = op === "release" || mode === "exclusive";
      return [`t${lane + 1}`, op, lockName(lock), ...(plain ? [] : [{ mode }])];
    }),
  );
  return JSON.stringify({ name, locks, ops });
}
