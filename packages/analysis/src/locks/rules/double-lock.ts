import { holdersOf } from "../holders.ts";
import { dropHold } from "../holds.ts";
import { here, type Run, report } from "../run.ts";
import { type Hold, type Lock, MODE } from "../state.ts";
import { placeOf } from "./recursion.ts";

/** `misuse.double-lock`: the lane holds it already, and no kind of lock or mode allows that. True if it is found. */
export function judgeDoubleLock(run: Run, lock: Lock, own: Hold, mode: number): boolean {
  if (mode === MODE.sharedRecursive && own.mode !== MODE.exclusive) return false;
  report(run, "misuse.double-lock", {
    locks: [lock],
    message: `${lock.name} is acquired by the lane that holds it`,
    evidence: [placeOf(own), here(run)],
    unsure: own.unsure,
  });
  return true;
}

/** `misuse.double-lock`: it is granted while another lane's hold excludes that. */
export function judgeGrant(run: Run, lock: Lock, mode: number): void {
  for (const hold of holdersOf(run.session, lock)) {
    if (hold.lane === run.lane || hold.lane.gone) continue;
    if (mode !== MODE.exclusive && hold.mode !== MODE.exclusive) continue;
    const holder = run.dictionary.name("lane", hold.lane.id);
    const finding = report(run, "misuse.double-lock", {
      locks: [lock],
      message: `${lock.name} is granted while ${holder} holds it`,
      evidence: [placeOf(hold), here(run)],
      unsure: hold.unsure,
      // A lane that vanished leaves no record of how its lock came free.
      doubt: `${holder} has not released it since, and may be gone`,
    });
    // What a hole may have ended has ended by now.
    if (hold.unsure) dropHold(run, hold);
    else if (!run.session.doubt) hold.excluded = finding;
  }
}
