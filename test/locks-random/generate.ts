import { type Family, LANES_MAX, LOCKS_MAX, MODES, type Mode, type Program, type Step } from "./program.ts";
import type { Random } from "./random.ts";

/** Locks that one lane takes, each with its release. */
const TAKES_MAX = 6;
/** How programs keep themselves from deadlocks: not at all, by an order of locks, by a lock around. */
const STYLES = ["free", "ordered", "guarded"] as const;
/** In how many of a hundred steps a program breaks with its style. */
const SLIPS_PERCENT = 10;
const TRIES_PERCENT = 15;

/** A program of 1 to 3 lanes, mostly 2 and 3, and 2 to 4 locks. */
export function generateProgram(random: Random, family: Family): Program {
  const lanes = random.chance(4) ? 1 : 2 + random.below(LANES_MAX - 1);
  const locks = 2 + random.below(LOCKS_MAX - 1);
  const style = random.pick(STYLES);
  return Array.from({ length: lanes }, () => generateLane(random, family, style, locks));
}

function generateLane(random: Random, family: Family, style: (typeof STYLES)[number], locks: number): Step[] {
  const steps: Step[] = [];
  const held: Step[] = [];
  const release = () => {
    // Mostly the one taken last, so that sections nest.
    const at = random.chance(70) ? held.length - 1 : random.below(held.length);
    const [taken] = held.splice(at, 1) as [Step];
    steps.push({ op: "release", lock: taken.lock, mode: taken.mode });
  };
  for (let takes = 1 + random.below(TAKES_MAX); takes > 0; takes--) {
    while (held.length > 0 && random.chance(25)) release();
    const free = allowed(random, style, locks, held);
    if (free.length === 0) release();
    else {
      const step = take(random, family, random.pick(free));
      steps.push(step);
      held.push(step);
    }
  }
  while (held.length > 0) release();
  return steps;
}

function take(random: Random, family: Family, lock: number): Step {
  if (family === "blocking") return { op: "acquire", lock, mode: "exclusive" };
  const mode: Mode = random.pick(MODES);
  return { op: random.chance(TRIES_PERCENT) ? "try" : "acquire", lock, mode };
}

/** Locks that the lane may take now. */
function allowed(random: Random, style: (typeof STYLES)[number], locks: number, held: readonly Step[]): number[] {
  const free = Array.from({ length: locks }, (_, lock) => lock).filter((lock) =>
    held.every((hold) => hold.lock !== lock),
  );
  if (style === "free" || random.chance(SLIPS_PERCENT)) return free;
  if (style === "ordered") return free.filter((lock) => held.every((hold) => hold.lock < lock));
  return held.some(({ lock }) => lock === 0) ? free : free.filter((lock) => lock === 0);
}
