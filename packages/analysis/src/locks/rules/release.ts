import { here, type Run, report } from "../run.ts";
import type { Hold, Lock } from "../state.ts";
import { placeOf } from "./recursion.ts";

/** `misuse.unlock-not-held`. */
export function reportNotHeld(run: Run, lock: Lock): void {
  report(run, "misuse.unlock-not-held", {
    locks: [lock],
    message: `${lock.name} is released and nobody holds it`,
    evidence: [here(run)],
  });
}

/** `misuse.unlock-other-lane`. */
export function reportOtherLane(run: Run, lock: Lock, hold: Hold): void {
  report(run, "misuse.unlock-other-lane", {
    locks: [lock],
    message: `${lock.name} is released and ${run.dictionary.name("lane", hold.lane.id)} holds it`,
    evidence: [placeOf(hold), here(run)],
    unsure: hold.unsure,
  });
}

/** `misuse.mode`. */
export function reportMode(run: Run, lock: Lock, hold: Hold | undefined, what: string): void {
  report(run, "misuse.mode", {
    locks: [lock],
    message: `${lock.name} ${what}`,
    evidence: [...(hold === undefined ? [] : [placeOf(hold)]), here(run)],
    unsure: hold?.unsure ?? false,
  });
}

/** `misuse.pinned`. */
export function reportPinned(run: Run, lock: Lock, hold: Hold): void {
  report(run, "misuse.pinned", {
    locks: [lock],
    message: `${lock.name} is released while it is pinned`,
    evidence: [placeOf(hold), here(run)],
    unsure: hold.unsure,
  });
}

/** `misuse.assert-held`. */
export function reportAssertion(run: Run, lock: Lock, held: Hold | undefined, not: boolean): void {
  report(run, "misuse.assert-held", {
    locks: [lock],
    message: `${lock.name} is ${not ? "" : "not "}held as the code relies on`,
    evidence: [...(held === undefined ? [] : [placeOf(held)]), here(run)],
    unsure: held?.unsure ?? false,
  });
}
