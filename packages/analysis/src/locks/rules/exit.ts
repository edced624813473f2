import { formatDuration } from "@wayward/base";
import type { RuleId } from "../../rules.ts";
import { lockOfRow } from "../holders.ts";
import { here, type Run, report } from "../run.ts";
import type { Hold } from "../state.ts";
import { placeOf } from "./recursion.ts";

/** `misuse.held-at-exit`. A flow of an event loop may have handed its lock to another one. */
export function reportHeldAtExit(run: Run, hold: Hold): void {
  const lock = lockOfRow(run.session, hold);
  report(run, "misuse.held-at-exit", {
    locks: [lock],
    message: `${run.dictionary.name("lane", hold.lane.id)} ends while it holds ${lock.name}`,
    evidence: [placeOf(hold), here(run)],
    severity: run.session.loops ? "info" : undefined,
    unsure: hold.unsure,
  });
}

/** `held-over.await`, `.io`, `.sleep`, `.call`: the lane pauses while it holds a lock. */
export function reportHeldOver(run: Run, rule: RuleId & `held-over.${string}`, hold: Hold, duration: number): void {
  const lock = lockOfRow(run.session, hold);
  report(run, rule, {
    locks: [lock],
    message: `${lock.name} is held over ${rule.slice("held-over.".length)} of ${formatDuration(BigInt(Math.round(duration)))}`,
    evidence: [placeOf(hold), here(run)],
    unsure: hold.unsure,
  });
}
