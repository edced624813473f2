import { lockOfRow, variantHeld } from "../holders.ts";
import { type Run, report } from "../run.ts";
import type { Hold, Lock, Place } from "../state.ts";

/** `order.recursion`: another lock of a class is acquired that the lane holds. */
export function reportRecursion(run: Run, lock: Lock, hold: Hold, taken: Place): void {
  const { name } = variantHeld(run.session, hold).node;
  const held = lockOfRow(run.session, hold);
  report(run, "order.recursion", {
    locks: [held, lock],
    classes: [name],
    message: `${lock.name} is acquired while ${held.name} of the same class ${name} is held`,
    evidence: [placeOf(hold), taken],
    unsure: hold.unsure,
  });
}

/** The record that took a hold. */
export function placeOf({ lane, eventNo, time, site, stack }: Hold): Place {
  return { lane: lane.id, eventNo, time, site, stack };
}
