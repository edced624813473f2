import { chargeWait, countBlocked } from "./blocking.ts";
import { noteAnswer } from "./calls.ts";
import { countDepth, countGivenUp, countWaited } from "./contention.ts";
import { addWaiter, lockOfRow, removeWaiter, rowOf, variantHeld } from "./holders.ts";
import { dropHold, ownHold, pushHold, type Taken } from "./holds.ts";
import { useLock } from "./lifetime.ts";
import { variantOf } from "./lookup.ts";
import { noteWaits, settle } from "./open-lanes.ts";
import { childOf, countSeen, noteJudged, wasJudged } from "./order/chains.ts";
import { judgeAcquisition, judgeUse } from "./order/judge.ts";
import { codeOf } from "./order/lane-chain.ts";
import { judgeDoubleLock, judgeGrant } from "./rules/double-lock.ts";
import { judgeDeadlock, judgeDeadOwner, judgeLongWait } from "./rules/live.ts";
import { placeOf } from "./rules/recursion.ts";
import { judgeTicket, nestOf, noteDeadlock } from "./rules/tickets.ts";
import { judgeWaitType } from "./rules/wait-type.ts";
import { here, type Run } from "./run.ts";
import { noteKnown } from "./session.ts";
import { type LockSession, MODE, type Wait } from "./state.ts";

/** How an attempt to acquire went on: it waits, has the lock, or goes without. */
export type Outcome = "waits" | "acquired" | "ended";

/** What a record of an attempt says. */
export interface Attempt extends Taken {
  /** Object number of the lock, and the ticket, under which it is taken; 0 without. */
  readonly under: number;
  readonly nestTicket: number;
  readonly slow: boolean;
  /** Only for what ended without the lock. */
  readonly result: "" | "timeout" | "failed" | "deadlock" | "already";
}

/**
 * An attempt to acquire a lock. It is judged where it is first seen: at its
 * wait, or where it ends if no wait was recorded.
 */
export function attempt(run: Run, outcome: Outcome, asked: Attempt): void {
  const { lane, session } = run;
  const { lock, mode } = asked;
  useLock(run, lock);
  // Of several flows that wait in one lane the first comes first.
  const waiting = lane.waits.find((wait) => wait.row === lock.row);
  if (waiting !== undefined && outcome !== "waits") endWait(run, waiting, outcome === "acquired");
  const isFirstSeen = waiting === undefined || (lane.loop && outcome === "waits");
  if (isFirstSeen) judge(run, outcome, asked);
  if (outcome === "waits") {
    if (isFirstSeen) beginWait(run, { ...asked, row: lock.row });
    return;
  }
  if (outcome === "ended") {
    if (waiting === undefined && asked.result !== "already") countGivenUp(run, asked);
    if (asked.result === "deadlock" && asked.ticket !== 0) noteDeadlock(run, asked.ticket, lock);
    return;
  }
  judgeGrant(run, lock, mode);
  const own = lane.loop ? undefined : ownHold(lane, lock);
  // A lock that its lane holds is taken once more: the hold is free after as many releases.
  if (own !== undefined && !own.unsure) {
    own.depth++;
    countDepth(session, own);
  } else {
    // Its end is in the hole, or it would not be acquired again.
    if (own !== undefined) dropHold(run, own);
    pushHold(run, asked);
  }
  if (mode === MODE.exclusive) noteKnown(session, lock);
}

function judge(run: Run, outcome: Outcome, asked: Attempt): void {
  const { lane, session } = run;
  const { lock, mode, tried, result } = asked;
  const ticketed = judgeTicket(run, asked);
  if (result === "already") return;
  // Another flow of an event loop may hold what this one asks for.
  const own = lane.loop ? undefined : ownHold(lane, lock);
  if (own !== undefined) {
    if (lock.type === "recursive") return;
    if (judgeDoubleLock(run, lock, own, mode)) {
      judgeAcquisition(run, { lock, variant: variantHeld(session, own), mode, tried, nestedSince: undefined });
      return;
    }
    // A reader that takes it once more waits for nobody, but it is a use in its context.
    if (!tried) judgeWaitType(run, lock);
    judgeUse(run, variantHeld(session, own), mode, tried);
    return;
  }
  if (outcome !== "acquired") judgeDeadOwner(run, lock);
  const variant = variantOf(session, lock, asked.subclass);
  if (!tried) noteAnswer(run, lock, variant, mode);
  const chain = childOf(session.chains, lane.chain, codeOf(variant.id, mode, tried));
  const nested = nestOf(run, asked);
  if (nested === undefined) countSeen(session.chains, chain);
  if (nested === undefined && !ticketed && wasJudged(session.chains, chain)) return;
  const guilty = judgeAcquisition(run, { lock, variant, mode, tried, nestedSince: nested });
  // What was ordered by a nest lock says nothing of the same chain without it, nor what a hole may change.
  if (nested !== undefined || (!lane.loop && lane.holds.some(({ unsure }) => unsure))) return;
  noteJudged(session.chains, chain, guilty);
}

/** What begins to wait, and for the lock of which row. */
interface Waiting extends Pick<Attempt, "mode" | "subclass" | "ticket"> {
  readonly row: number;
}

export function beginWait(run: Run, { row, mode, subclass, ticket }: Waiting): void {
  const { lane, session } = run;
  const wait: Wait = {
    place: -1,
    row,
    counted: subclass === 0 ? row : rowOf(session, lockOfRow(session, { row }), subclass),
    lane,
    mode,
    subclass,
    since: session.serial,
    at: here(run),
    ticket,
    unsure: lane.holed,
    told: false,
  };
  lane.waits.push(wait);
  noteWaits(lane);
  countBlocked(run, wait, addWaiter(session, wait));
  judgeDeadlock(run);
}

export function endWait(run: Run, wait: Wait, acquired: boolean): void {
  remove(wait.lane.waits, wait);
  noteWaits(wait.lane);
  removeWaiter(run.session, wait);
  noteEnded(run.session, wait, run.time);
  chargeWait(run, wait);
  countWaited(run, wait, acquired);
  judgeLongWait(run, wait, run.time);
}

/** Takes the wait out of the list, without the array that `splice` makes. */
function remove(list: Wait[], wait: Wait): void {
  let at = list.indexOf(wait);
  if (at < 0) return;
  for (; at < list.length - 1; at++) list[at] = list[at + 1]!;
  list.pop();
}

/** Ended waits that a session remembers. */
const ENDED_MAX = 256;

/** A lane that held locks waits no more: only together with other sessions can it be said whether it could ever have gone on. */
export function noteEnded(session: LockSession, wait: Wait, until: number): void {
  const { isShared, endedWaits } = session;
  const { lane, mode, at } = wait;
  if (!isShared) return;
  settle(session, lane);
  if (lane.holds.length === 0) return;
  if (endedWaits.length >= ENDED_MAX) endedWaits.shift();
  const holds = lane.holds.map((hold) => ({ lock: lockOfRow(session, hold), mode: hold.mode, at: placeOf(hold) }));
  endedWaits.push({ lock: lockOfRow(session, wait), mode, at, holds, until });
}
