import { countChange, countEnded } from "./contention.ts";
import { holdersOf, variantHeld } from "./holders.ts";
import { dropHold, ownHold, pushHold } from "./holds.ts";
import { useLock } from "./lifetime.ts";
import { markEnabledNow } from "./order/judge.ts";
import { refreshChain } from "./order/lane-chain.ts";
import { judgeGrant } from "./rules/double-lock.ts";
import { reportMode, reportNotHeld, reportOtherLane, reportPinned } from "./rules/release.ts";
import { prove, type Run } from "./run.ts";
import { isUnsure, noteKnown } from "./session.ts";
import { type Lock, MODE } from "./state.ts";

/** Kinds of locks that are never held. */
const NEVER_HELD = new Set(["semaphore", "condition", "barrier"]);

/** `mode` is what the releaser believes it holds; undefined where it does not say. */
export function release(run: Run, lock: Lock, mode: number | undefined, plain: boolean): void {
  if (NEVER_HELD.has(lock.type)) return;
  const { lane, session } = run;
  useLock(run, lock);
  let hold = ownHold(lane, lock);
  if (hold === undefined) {
    hold = holdersOf(session, lock).at(-1);
    if (hold === undefined) {
      reportNotHeld(run, lock);
      return;
    }
    // A flow of code may hand its lock to another one.
    if (!session.loops) reportOtherLane(run, lock, hold);
  } else {
    if (hold.excluded !== undefined && !hold.unsure && !isUnsure(session, lock))
      prove(session, hold.excluded, run.time);
    if (hold.mode === MODE.exclusive) noteKnown(session, lock);
  }
  if (mode !== undefined && (mode === MODE.exclusive) !== (hold.mode === MODE.exclusive)) {
    reportMode(run, lock, hold, "is released as if it were held otherwise");
  }
  if (hold.pins > 0) reportPinned(run, lock, hold);
  if (hold.depth > 1) {
    hold.depth--;
    return;
  }
  lock.leftTicket = plain && hold.ticket !== 0;
  countEnded(run, hold);
  dropHold(run, hold);
}

/** From shared to exclusive, or back. */
export function changeMode(run: Run, lock: Lock, to: number): void {
  useLock(run, lock);
  const hold = ownHold(run.lane, lock);
  const up = to === MODE.exclusive;
  if (hold === undefined || (hold.mode === MODE.exclusive) === up) {
    reportMode(run, lock, hold, up ? "is upgraded and not held shared" : "is downgraded and not held alone");
    return;
  }
  if (up) judgeGrant(run, lock, to);
  countChange(run.session, hold, up);
  hold.mode = to;
  markEnabledNow(run, hold);
  refreshChain(run.session, run.lane);
}

/** The holder gives it to another lane without releasing it. */
export function handOver(run: Run, lock: Lock, to: Run["lane"]): void {
  const hold = ownHold(run.lane, lock) ?? holdersOf(run.session, lock).at(-1);
  if (hold === undefined) return;
  countEnded(run, hold);
  dropHold(run, hold);
  const { mode, ticket, tried } = hold;
  pushHold({ ...run, lane: to }, { lock, mode, subclass: variantHeld(run.session, hold).node.subclass, tried, ticket });
}
