import type { Run } from "./run.ts";
import type { ContentionPoint, Hold, Lock, LockSession, Wait } from "./state.ts";

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
  timeouts: 13,
  /** Most lanes that waited at once, and the deepest hold of a recursive lock. */
  queueMost: 14,
  depthMost: 15,
} as const;

const STATS = 16;

/** Where the numbers of a mode begin: readers of both kinds count together. */
export function statsAt(mode: number): number {
  return mode === 0 ? 0 : STATS;
}

export function statsOf(lock: Lock): Float64Array {
  lock.stats ??= createStats();
  return lock.stats;
}

function createStats(): Float64Array {
  const made = new Float64Array(STATS * 2);
  for (const base of [0, STATS]) made[base + STAT.waitLeast] = made[base + STAT.holdLeast] = Infinity;
  return made;
}

export function countAcquired(lock: Lock, mode: number, lane: number): void {
  if (lock.lastLane === lane) return;
  if (lock.lastLane !== 0) statsOf(lock)[statsAt(mode) + STAT.acquiredBounces]!++;
  lock.lastLane = lane;
}

export function countReleased({ lock, mode, time }: Hold, now: number): void {
  const stats = lock.stats ?? statsOf(lock);
  const base = statsAt(mode);
  const held = now > time ? now - time : 0;
  stats[base + STAT.holds]!++;
  stats[base + STAT.holdSum]! += held;
  if (held < stats[base + STAT.holdLeast]!) stats[base + STAT.holdLeast] = held;
  if (held > stats[base + STAT.holdMost]!) stats[base + STAT.holdMost] = held;
}

/** A wait has ended; what it waited for is looked up before the lock changes hands. */
export function countWaited(run: Run, wait: Wait, acquired: boolean): void {
  const { lock, mode, at, lane } = wait;
  const stats = statsOf(lock);
  const base = statsAt(mode);
  const waited = run.time > at.time ? run.time - at.time : 0;
  stats[base + STAT.waits]!++;
  stats[base + STAT.waitSum]! += waited;
  if (waited < stats[base + STAT.waitLeast]!) stats[base + STAT.waitLeast] = waited;
  if (waited > stats[base + STAT.waitMost]!) stats[base + STAT.waitMost] = waited;
  if (lock.lastLane !== 0 && lock.lastLane !== lane.id) stats[base + STAT.waitBounces]!++;
  if (!acquired) stats[base + STAT.timeouts]!++;
}

/** Places and pairs of lanes that are kept; what comes with more is counted as left out. */
const POINTS_MAX = 10_000;

/** A wait begins: where, for what, and who is in the way. */
export function countBlocked({ session }: Run, { lock, mode, at, lane }: Wait): void {
  const stats = statsOf(lock);
  const base = statsAt(mode);
  if (lock.waiters.length > stats[base + STAT.queueMost]!) stats[base + STAT.queueMost] = lock.waiters.length;
  countPoint(session, lock.base.name, "waits", at.site, mode);
  for (const hold of lock.holds) {
    countPoint(session, lock.base.name, "holds", hold.site, hold.mode);
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

function countPoint(session: LockSession, cls: string, kind: ContentionPoint["kind"], site: number, mode: number) {
  const key = `${cls} ${kind} ${site} ${mode}`;
  const known = session.points.get(key);
  if (known !== undefined) known.count++;
  else if (session.points.size < POINTS_MAX) session.points.set(key, { cls, kind, site, mode, count: 1 });
  else leaveOut(session, "contention points");
}

function leaveOut({ leftOut }: LockSession, what: string): void {
  leftOut.set(what, (leftOut.get(what) ?? 0) + 1);
}
