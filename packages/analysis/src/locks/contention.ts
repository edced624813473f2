import { lockOfRow, rowOf } from "./holders.ts";
import { HELD, heldAt, type LockRows, RARE, ROW_WORDS, rareAt, WAITED, WORD, waitsAt } from "./rows.ts";
import type { Run } from "./run.ts";
import type { ConditionCalls, Hold, Lock, LockSession, Sleeper, Wait } from "./state.ts";
import { countUser, USER } from "./users.ts";

/** `row` is the lock's; the acquisition is counted in `counted`, that of its subclass. */
export function countAcquired({ rows }: LockSession, row: number, counted: number, mode: number, lane: number): void {
  const { words } = rows;
  const at = row * ROW_WORDS + WORD.lastLane;
  if (words[at] === (lane | 0)) return;
  if (words[at] !== 0) rows.floats[heldAt(rows, counted, mode) + HELD.bounces]!++;
  words[at] = lane;
}

/** A hold of so many nanoseconds has ended: the part of it that the hot path counts. */
export function addHold(rows: LockRows, row: number, mode: number, held: number): void {
  const numbers = rows.floats;
  const base = heldAt(rows, row, mode);
  numbers[base + HELD.holds]!++;
  numbers[base + HELD.sum]! += held;
  if (held < numbers[base + HELD.least]!) numbers[base + HELD.least] = held;
  if (held > numbers[base + HELD.most]!) numbers[base + HELD.most] = held;
}

/** A hold has ended, or is lent to a condition's wait. */
export function countEnded(run: Run, hold: Hold): void {
  const { time, session } = run;
  const began = hold.time + hold.resumed;
  addHold(session.rows, hold.counted, hold.mode, time > began ? time - began : 0);
  if (!session.detail) return;
  countUser(session, used(session, hold), hold.lane.id, hold.site, USER.holds, 1);
  countUser(session, used(session, hold), hold.lane.id, hold.site, USER.holdSum, time > began ? time - began : 0);
}

/** What a hold or a wait is counted for, where users are. */
function used(session: LockSession, of: { readonly row: number; readonly mode: number }) {
  return { lock: lockOfRow(session, of), mode: of.mode };
}

/** A hold goes on after a condition's wait: its lane has acquired the lock once more. */
export function countResumed({ session, time }: Run, hold: Hold): void {
  hold.resumed = time - hold.time;
  countAcquired(session, hold.row, hold.counted, hold.mode, hold.lane.id);
}

export function countDepth({ rows: { rest } }: LockSession, { counted, mode, depth }: Hold): void {
  const at = rareAt(counted, mode) + RARE.depthMost;
  if (depth > rest[at]!) rest[at] = depth;
}

/** A hold has become one of the other mode: up from a reader's, or down. */
export function countChange({ rows }: LockSession, { counted, mode }: Hold, up: boolean): void {
  rows.rest[rareAt(counted, mode) + (up ? RARE.upgrades : RARE.downgrades)]!++;
}

export function countTryFailed({ session, lane, batch, index }: Run, lock: Lock, mode: number): void {
  session.rows.rest[rareAt(lock.row, mode) + RARE.triesFailed]!++;
  if (session.detail) countUser(session, { lock, mode }, lane.id, batch.site(index), USER.triesFailed, 1);
}

/** An attempt that nothing tells the wait of. */
interface GivenUp {
  readonly lock: Lock;
  readonly mode: number;
  readonly subclass: number;
}

/** An attempt has ended without the lock, and nothing tells how long it waited. */
export function countGivenUp(run: Run, asked: GivenUp): void {
  const { session, lane, batch, index } = run;
  const row = rowOf(session, asked.lock, asked.subclass);
  session.rows.rest[rareAt(row, asked.mode) + RARE.timeouts]!++;
  if (session.detail) countUser(session, asked, lane.id, batch.site(index), USER.timeouts, 1);
}

/** A wait has ended; what it waited for is looked up before the lock changes hands. */
export function countWaited({ session, time }: Run, wait: Wait, acquired: boolean): void {
  const { row, counted, mode, at, lane } = wait;
  const { rows } = session;
  const waited = time > at.time ? time - at.time : 0;
  addWait(rows, counted, mode, waited);
  const lastLane = rows.words[row * ROW_WORDS + WORD.lastLane]!;
  if (lastLane !== 0 && lastLane !== (lane.id | 0)) rows.floats[waitsAt(rows, counted, mode) + WAITED.bounces]!++;
  if (!acquired) rows.rest[rareAt(counted, mode) + RARE.timeouts]!++;
  if (!session.detail) return;
  countUser(session, used(session, wait), lane.id, at.site, USER.waits, 1);
  countUser(session, used(session, wait), lane.id, at.site, USER.waitSum, waited);
  if (!acquired) countUser(session, used(session, wait), lane.id, at.site, USER.timeouts, 1);
}

function addWait(rows: LockRows, row: number, mode: number, waited: number): void {
  const numbers = rows.floats;
  const base = waitsAt(rows, row, mode);
  numbers[base + WAITED.waits]!++;
  numbers[base + WAITED.sum]! += waited;
  if (waited < numbers[base + WAITED.least]!) numbers[base + WAITED.least] = waited;
  if (waited > numbers[base + WAITED.most]!) numbers[base + WAITED.most] = waited;
}

/** A wait has begun, and so many lanes wait now. */
export function addQueue(rows: LockRows, row: number, mode: number, waiting: number): void {
  const numbers = rows.floats;
  const base = waitsAt(rows, row, mode);
  numbers[base + WAITED.begun]!++;
  numbers[base + WAITED.queueSum]! += waiting;
  if (waiting > numbers[base + WAITED.queueMost]!) numbers[base + WAITED.queueMost] = waiting;
}

/** A lane waits for the condition from now on; its numbers stand where a lock has those of writers. */
export function countAsleep({ rows }: LockSession, condition: Lock): void {
  callsOf(condition);
  addQueue(rows, condition.row, 0, condition.sleepers.length);
}

export function countSlept({ session, time }: Run, condition: Lock, { at }: Sleeper, timedOut: boolean): void {
  const { rows } = session;
  addWait(rows, condition.row, 0, time > at.time ? time - at.time : 0);
  if (timedOut) rows.rest[rareAt(condition.row, 0) + RARE.timeouts]!++;
}

export function countCall(condition: Lock, broadcast: boolean, lost: boolean): void {
  const calls = callsOf(condition);
  if (broadcast) calls.broadcasts++;
  else calls.signals++;
  if (lost) calls.lost++;
}

function callsOf(condition: Lock): ConditionCalls {
  condition.calls ??= { signals: 0, broadcasts: 0, lost: 0 };
  return condition.calls;
}
