import { countAsleep, countCall, countEnded, countResumed, countSlept } from "./contention.ts";
import { addHolder, removeHolder } from "./holders.ts";
import { ownHold } from "./holds.ts";
import { useLock } from "./lifetime.ts";
import { refreshChain } from "./order/lane-chain.ts";
import { reportBarrierCount } from "./rules/barrier.ts";
import { judgeWait, judgeWoken, reportSignalLost } from "./rules/condition.ts";
import { here, type Run } from "./run.ts";
import type { Lane, Lock, Sleeper } from "./state.ts";

/** Lost signals that a condition remembers. */
const LOST_MAX = 64;

/** A lane begins to wait for a condition and gives its lock away until it goes on. */
export function waitForCondition(run: Run, condition: Lock, mutex: Lock | undefined): void {
  const { lane, session } = run;
  useLock(run, condition);
  // Other flows of an event loop go on meanwhile: nothing follows from its next record.
  if (lane.loop) return;
  const given = mutex === undefined ? undefined : ownHold(lane, mutex);
  judgeWait(run, condition, mutex, given);
  if (given !== undefined) {
    countEnded(run, given);
    lane.holds.splice(lane.holds.indexOf(given), 1);
    removeHolder(session, given);
    refreshChain(session, lane);
  }
  condition.sleepers.push({ lane, mutex, given, at: here(run), since: session.serial, woken: false });
  countAsleep(session, condition);
  lane.stands = true;
  lane.standsAt = condition;
}

/** A signal wakes one waiter that none has woken, a broadcast all of them. */
export function signal(run: Run, condition: Lock, all: boolean): void {
  useLock(run, condition);
  const asleep = condition.sleepers.filter(({ woken }) => !woken);
  for (const sleeper of all ? asleep : asleep.slice(0, 1)) sleeper.woken = true;
  countCall(condition, all, asleep.length === 0);
  if (asleep.length > 0) return;
  const finding = reportSignalLost(run, condition);
  if (finding === undefined) return;
  if (condition.lostSignals.length >= LOST_MAX) condition.lostSignals.shift();
  condition.lostSignals.push({ at: here(run), since: run.session.serial, finding });
}

/** The lane's wait has ended: it has its lock again, in its old place. */
export function woken(run: Run, lane: Lane, timedOut: boolean): void {
  const condition = lane.standsAt;
  lane.stands = lane.joins !== undefined;
  lane.standsAt = undefined;
  const at = condition?.sleepers.findIndex((sleeper) => sleeper.lane === lane) ?? -1;
  if (condition === undefined || at < 0) return;
  const [sleeper] = condition.sleepers.splice(at, 1) as [Sleeper];
  countSlept(run, condition, sleeper, timedOut);
  if (timedOut) judgeWoken(run.session, condition, sleeper);
  const { given } = sleeper;
  if (given === undefined) return;
  const place = lane.holds.findIndex(({ since }) => since > given.since);
  lane.holds.splice(place < 0 ? lane.holds.length : place, 0, given);
  addHolder(run.session, given);
  countResumed(run, given);
  refreshChain(run.session, lane);
}

/** A lane waits at a barrier; the last of those that belong to it lets all go on. */
export function waitAtBarrier(run: Run, barrier: Lock, count: number): void {
  useLock(run, barrier);
  if (run.lane.loop) return;
  if (count !== 0) {
    if (barrier.parties !== 0 && barrier.parties !== count) reportBarrierCount(run, barrier, count);
    else barrier.parties = count;
  }
  barrier.arrived.push(here(run));
  run.lane.stands = true;
  run.lane.standsAt = barrier;
  if (barrier.parties !== 0 && barrier.arrived.length >= barrier.parties) barrier.arrived = [];
}

/** The lane has gone on from what it stood at: it makes its next record. */
export function goOn(run: Run): void {
  const { lane } = run;
  lane.joins = undefined;
  lane.joinsAt = undefined;
  const stood = lane.standsAt;
  if (stood === undefined) lane.stands = false;
  else if (stood.type === "barrier") {
    stood.arrived = stood.arrived.filter((at) => at.lane !== lane.id);
    lane.standsAt = undefined;
    lane.stands = false;
  } else woken(run, lane, false);
}
