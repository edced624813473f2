import type { Run } from "./run.ts";
import type { ConditionCalls, ContentionPoint, Hold, Lock, LockSession, Sleeper, Wait } from "./state.ts";
import { countUser, USER } from "./users.ts";

/** Places of a lock's numbers, once for writers and once for readers. Times are nanoseconds. */
export const STAT = {
  /** Acquisitions by another lane than the one before, and waits for a lock that another lane had last. */
  acquiredBounces: 0,
  waitBounces: 1,
  /** Waits that ended, with the lock or without. */
  waits: 2,
  waitLeast: 3,
  waitMost: 4,
  waitSum: 5,
  /** Holds that ended. */
  holds: 6,
  holdLeast: 7,
  holdMost: 8,
  holdSum: 9,
  triesFailed: 10,
  upgrades: 11,
  downgrades: 12,
  /** Blocking attempts that ended without the lock. */
  timeouts: 13,
  /** Most lanes that waited at once, and the deepest hold of a lock taken again; 0 for one that never was. */
  queueMost: 14,
  depthMost: 15,
  /** Of every wait that began: how many lanes waited then, itself among them. */
  queueSum: 16,
  waitsBegun: 17,
} as const;

const STATS = 18;

/** Where the numbers of a mode begin: readers of both kinds count together. */
export function statsAt(mode: number): number {
  return mode === 0 ? 0 : STATS;
}

/** A lock's numbers at a subclass; made where they are new. */
export function statsOf(lock: Lock, subclass: number): Float64Array {
  if (subclass === 0) {
    lock.stats ??= createStats();
    return lock.stats;
  }
  lock.nested ??= new Map();
  const known = lock.nested.get(subclass);
  if (known !== undefined) return known;
  const made = createStats();
  lock.nested.set(subclass, made);
  return made;
}

function createStats(): Float64Array {
  const made = new Float64Array(STATS * 2);
  for (const base of [0, STATS]) made[base + STAT.waitLeast] = made[base + STAT.holdLeast] = Infinity;
  return made;
}

export function countAcquired(lock: Lock, mode: number, subclass: number, lane: number): void {
  if (lock.lastLane === lane) return;
  if (lock.lastLane !== 0) statsOf(lock, subclass)[statsAt(mode) + STAT.acquiredBounces]!++;
  lock.lastLane = lane;
}

/** A hold that began then has ended: the part of it that the hot path counts. */
export function countReleased({ lock, mode, variant }: Hold, began: number, now: number): void {
  const stats = variant === lock.variant ? (lock.stats ?? statsOf(lock, 0)) : statsOf(lock, variant.node.subclass);
  const base = statsAt(mode);
  const held = now > began ? now - began : 0;
  stats[base + STAT.holds]!++;
  stats[base + STAT.holdSum]! += held;
  if (held < stats[base + STAT.holdLeast]!) stats[base + STAT.holdLeast] = held;
  if (held > stats[base + STAT.holdMost]!) stats[base + STAT.holdMost] = held;
}

/** A hold has ended, or is lent to a condition's wait. */
export function countEnded(run: Run, hold: Hold): void {
  const { time, session } = run;
  const began = hold.time + hold.resumed;
  countReleased(hold, began, time);
  if (!session.detail) return;
  countUser(session, hold, hold.lane.id, hold.site, USER.holds, 1);
  countUser(session, hold, hold.lane.id, hold.site, USER.holdSum, time > began ? time - began : 0);
}

/** A hold goes on after a condition's wait: its lane has acquired the lock once more. */
export function countResumed({ time }: Run, hold: Hold): void {
  hold.resumed = time - hold.time;
  countAcquired(hold.lock, hold.mode, hold.variant.node.subclass, hold.lane.id);
}

export function countDepth({ lock, mode, variant, depth }: Hold): void {
  const stats = statsOf(lock, variant.node.subclass);
  const at = statsAt(mode) + STAT.depthMost;
  if (depth > stats[at]!) stats[at] = depth;
}

export function countTryFailed({ session, lane, batch, index }: Run, lock: Lock, mode: number): void {
  statsOf(lock, 0)[statsAt(mode) + STAT.triesFailed]!++;
  if (session.detail) countUser(session, { lock, mode }, lane.id, batch.site(index), USER.triesFailed, 1);
}

/** An attempt has ended without the lock, and nothing tells how long it waited. */
export function countGivenUp(run: Run, asked: Pick<Wait, "lock" | "mode" | "subclass">): void {
  const { session, lane, batch, index } = run;
  statsOf(asked.lock, asked.subclass)[statsAt(asked.mode) + STAT.timeouts]!++;
  if (session.detail) countUser(session, asked, lane.id, batch.site(index), USER.timeouts, 1);
}

/** A wait has ended; what it waited for is looked up before the lock changes hands. */
export function countWaited({ session, time }: Run, wait: Wait, acquired: boolean): void {
  const { lock, mode, subclass, at, lane } = wait;
  const stats = statsOf(lock, subclass);
  const base = statsAt(mode);
  const waited = time > at.time ? time - at.time : 0;
  addWait(stats, base, waited);
  if (lock.lastLane !== 0 && lock.lastLane !== lane.id) stats[base + STAT.waitBounces]!++;
  if (!acquired) stats[base + STAT.timeouts]!++;
  if (!session.detail) return;
  countUser(session, wait, lane.id, at.site, USER.waits, 1);
  countUser(session, wait, lane.id, at.site, USER.waitSum, waited);
  if (!acquired) countUser(session, wait, lane.id, at.site, USER.timeouts, 1);
}

function addWait(stats: Float64Array, base: number, waited: number): void {
  stats[base + STAT.waits]!++;
  stats[base + STAT.waitSum]! += waited;
  if (waited < stats[base + STAT.waitLeast]!) stats[base + STAT.waitLeast] = waited;
  if (waited > stats[base + STAT.waitMost]!) stats[base + STAT.waitMost] = waited;
}

function addQueue(stats: Float64Array, base: number, waiting: number): void {
  stats[base + STAT.waitsBegun]!++;
  stats[base + STAT.queueSum]! += waiting;
  if (waiting > stats[base + STAT.queueMost]!) stats[base + STAT.queueMost] = waiting;
}

/** A lane waits for the condition from now on; its numbers stand where a lock has those of writers. */
export function countAsleep(condition: Lock): void {
  callsOf(condition);
  addQueue(statsOf(condition, 0), 0, condition.sleepers.length);
}

export function countSlept({ time }: Run, condition: Lock, { at }: Sleeper, timedOut: boolean): void {
  const stats = statsOf(condition, 0);
  addWait(stats, 0, time > at.time ? time - at.time : 0);
  if (timedOut) stats[STAT.timeouts]!++;
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

/** Places and pairs of lanes that are kept; what comes with more is counted as left out. */
const POINTS_MAX = 10_000;

/** A wait begins: where, for what, and who is in the way. */
export function countBlocked({ session }: Run, { lock, mode, subclass, at, lane }: Wait): void {
  addQueue(statsOf(lock, subclass), statsAt(mode), lock.waiters.length);
  countPoint(session, lock.base.name, subclass, "waits", at.site, mode);
  for (const hold of lock.holds) {
    countPoint(session, lock.base.name, subclass, "holds", hold.site, hold.mode);
    const key = `${lane.id} ${hold.lane.id} ${lock.name}`;
    const known = session.blocked.get(key);
    if (known !== undefined) known.count++;
    else if (session.blocked.size < POINTS_MAX) {
      session.blocked.set(key, { waiter: lane.id, holder: hold.lane.id, lock: lock.name, count: 1, nanoseconds: 0 });
    } else leaveOut(session, "pairs of lanes");
  }
}

/** The wait's time is on those who hold the lock as it ends, or held it last. */
export function chargeWait({ session, time }: Run, { lock, at, lane }: Wait, holder: number): void {
  const known = session.blocked.get(`${lane.id} ${holder} ${lock.name}`);
  if (known !== undefined) known.nanoseconds += time > at.time ? time - at.time : 0;
}

function countPoint(
  session: LockSession,
  cls: string,
  subclass: number,
  kind: ContentionPoint["kind"],
  site: number,
  mode: number,
): void {
  const key = `${cls} ${subclass} ${kind} ${site} ${mode}`;
  const known = session.points.get(key);
  if (known !== undefined) known.count++;
  else if (session.points.size < POINTS_MAX) session.points.set(key, { cls, subclass, kind, site, mode, count: 1 });
  else leaveOut(session, "contention points");
}

function leaveOut({ leftOut }: LockSession, what: string): void {
  leftOut.set(what, (leftOut.get(what) ?? 0) + 1);
}
