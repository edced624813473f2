import type { RuleId } from "../../rules.ts";
import { holdersOf, waitersOf } from "../holders.ts";
import { here, type Run, report } from "../run.ts";
import type { Lock } from "../state.ts";
import { placeOf } from "./recursion.ts";

/** `misuse.create-held`, `misuse.destroy-held`, `misuse.barrier`: what becomes of a lock does not fit its state. */
export function reportHeld(run: Run, lock: Lock, rule: RuleId & `misuse.${string}`): void {
  const what = {
    "misuse.create-held": "is created again while it is held",
    "misuse.destroy-held": "is destroyed while it is held",
    "misuse.barrier": "is created again while it is in use",
  }[rule as string];
  const holders = holdersOf(run.session, lock);
  report(run, rule, {
    locks: [lock],
    message: `${lock.name} ${what}`,
    evidence: [...holders.map(placeOf), here(run)],
    unsure: holders.some(({ unsure }) => unsure),
  });
}

/** `misuse.use-destroyed`. */
export function reportUseDestroyed(run: Run, lock: Lock): void {
  report(run, "misuse.use-destroyed", {
    locks: [lock],
    message: `${lock.name} is used after it was destroyed`,
    evidence: [here(run)],
  });
}

/** `misuse.destroy-waited`: lanes wait that no signal has woken. */
export function reportDestroyed(run: Run, lock: Lock): void {
  const asleep = lock.sleepers.filter(({ woken }) => !woken).map(({ at }) => at);
  const waiters = waitersOf(run.session, lock);
  const waits = waiters.map(({ at }) => at);
  const stand = [...asleep, ...waits, ...lock.arrived];
  const count = stand.length;
  if (count === 0) return;
  report(run, "misuse.destroy-waited", {
    locks: [lock],
    message: `${lock.name} is destroyed while ${count === 1 ? "a lane waits" : `${count} lanes wait`} for it`,
    evidence: [...stand, here(run)],
    unsure: waiters.some(({ unsure }) => unsure),
  });
}
