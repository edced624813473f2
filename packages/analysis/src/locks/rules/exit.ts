import type { RuleId } from "../../rules.ts";
import { here, type Run, report } from "../run.ts";
import type { Hold } from "../state.ts";
import { placeOf } from "./recursion.ts";

/** `misuse.held-at-exit`. A flow of an event loop may have handed its lock to another one. */
export function reportHeldAtExit(run: Run, hold: Hold): void {
  report(run, "misuse.held-at-exit", {
    locks: [hold.lock],
    message: `${run.dictionary.name("lane", hold.lane.id)} ends while it holds ${hold.lock.name}`,
    evidence: [placeOf(hold), here(run)],
    severity: run.session.loops ? "info" : undefined,
    unsure: hold.unsure,
  });
}

/** `held-over.await`, `.io`, `.sleep`, `.call`: the lane pauses while it holds a lock. */
export function reportHeldOver(run: Run, rule: RuleId & `held-over.${string}`, hold: Hold, duration: number): void {
  report(run, rule, {
    locks: [hold.lock],
    message: `${hold.lock.name} is held over ${rule.slice("held-over.".length)} of ${Math.round(duration / 1e3)} µs`,
    evidence: [placeOf(hold), here(run)],
    unsure: hold.unsure,
  });
}
