import { countAcquired, countReleased } from "./contention.ts";
import { CHAIN, childOf } from "./order/chains.ts";
import type { Run } from "./run.ts";
import type { Hold, Lane, Lock, LockSession } from "./state.ts";

/** Holds that ended, to be used again. */
const POOL_MAX = 1024;
const pool: Hold[] = [];

/**
 * The usual acquisition, 30 ns: a lock that nobody holds or waits for, by a
 * lane whose chain with it was judged before. False if it is another one, and
 * nothing is done then.
 */
export function quickAcquire(run: Run, lane: Lane, lock: Lock, mode: number): boolean {
  const { variant } = lock;
  if (variant === undefined || lock.state !== "live" || lock.type === "ww" || lane.tries.length > 0) return false;
  if (lock.holds.length > 0 || lane.stands || lane.waits.length > 0 || lane.holed) return false;
  const { session, index, batch } = run;
  const { chains } = session;
  const chain = childOf(chains, lane.chain, (variant.id << 3) | (mode << 1));
  if ((chains.flags[chain]! & (CHAIN.judged | CHAIN.guilty)) !== CHAIN.judged) return false;
  chains.counts[chain]!++;
  const hold = pool.pop() ?? emptyHold(lock, lane);
  hold.lock = lock;
  hold.lane = lane;
  hold.mode = mode;
  hold.variant = variant;
  hold.level = lane.frames.length;
  hold.unsure = lane.loop;
  hold.excluded = undefined;
  hold.since = session.serial;
  hold.before = lane.chain;
  hold.time = run.time;
  hold.eventNo = batch.eventNo(index);
  hold.site = batch.site(index);
  hold.stack = batch.stack(index);
  lane.chain = chain;
  lane.holds.push(hold);
  lock.holds.push(hold);
  if (mode === 0) lock.knownSince = session.serial;
  countAcquired(lock, mode, 0, lane.id);
  return true;
}

/** The usual release: of the lock that the lane took last, as it holds it. False if it is another one. */
export function quickRelease(session: LockSession, lane: Lane, lock: Lock, mode: number, now: number): boolean {
  const { holds } = lane;
  const hold = holds[holds.length - 1];
  if (hold === undefined || hold.lock !== lock || lane.stands || hold.level !== lane.frames.length) return false;
  if (lock.holds.length !== 1 || hold.depth !== 1 || hold.pins !== 0 || hold.ticket !== 0) return false;
  if (hold.resumed !== 0 || hold.excluded !== undefined) return false;
  if ((mode === 0) !== (hold.mode === 0)) return false;
  countReleased(hold, hold.time, now);
  holds.pop();
  lock.holds.pop();
  lane.chain = hold.before;
  if (mode === 0) lock.knownSince = session.serial;
  if (!hold.tried && pool.length < POOL_MAX) pool.push(hold);
  return true;
}

function emptyHold(lock: Lock, lane: Lane): Hold {
  return {
    lock,
    lane,
    mode: 0,
    variant: lock.variant!,
    level: 0,
    tried: false,
    ticket: 0,
    since: 0,
    depth: 1,
    pins: 0,
    before: 0,
    unsure: false,
    excluded: undefined,
    resumed: 0,
    time: 0,
    eventNo: 0,
    site: 0,
    stack: 0,
  };
}
