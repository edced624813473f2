import { beginWait, endWait } from "./acquire.ts";
import { addHold, countAcquired } from "./contention.ts";
import { lockOfRow, removeHolder } from "./holders.ts";
import { pushHold } from "./holds.ts";
import { chainOf, hasRoom, holderOf, laneOfHolder, openLane, settle, takeLine } from "./open-lanes.ts";
import { childOf, countSeen, wasJudged } from "./order/chains.ts";
import { KNOWN_SINCE, MANY, ROW, ROW_WORDS, WORD } from "./rows.ts";
import type { Run } from "./run.ts";
import { type Lane, type LockSession, MODE } from "./state.ts";

/*
 * Usual records that usual.ts leaves: those of waits, of readers together,
 * and the first ones of lanes in a block. Each answers false where something
 * about its record is unusual: nothing is done then, and the way through
 * step.ts is taken, which says the same of usual ones.
 */

/** A lane of which the next record can be usual. */
function isUsual({ tries, stands, holed, answers }: Lane): boolean {
  return tries.length === 0 && !stands && !holed && answers === undefined;
}

/**
 * An acquisition by a lane whose chain with the lock was judged before, or
 * which waited for just that, of a lock that is free, or held by other
 * readers for a reader. `place` is the lane's in the block.
 */
export function quickAcquire(run: Run, place: number, row: number, mode: number): boolean {
  const { session, lane } = run;
  const { rows, chains } = session;
  const base = rows.words[row * ROW_WORDS + WORD.code]!;
  const holder = rows.words[row * ROW_WORDS + WORD.holder]!;
  if (base < 0 || !isUsual(lane)) return false;
  if (holder !== 0 && !isSharable(session, row, holder, lane, mode)) return false;
  const code = base | (mode << 1);
  const chain = childOf(chains, chainOf(lane), code);
  const { waits } = lane;
  if (waits.length === 0) {
    if (!wasJudged(chains, chain)) return false;
    countSeen(chains, chain);
  } else {
    const wait = waits[0]!;
    if (waits.length > 1 || wait.row !== row) return false;
    endWait(run, wait, true);
  }
  if (lane.place < 0) openLane(lane, place);
  if (holder === 0 && mode <= MODE.sharedRecursive && hasRoom(lane)) {
    takeLine(session, lane, row, { index: run.index, time: run.time, chain, code });
    countAcquired(session, row, row, mode, lane.id);
  } else pushHold(run, { lock: lockOfRow(session, { row }), mode, subclass: 0, tried: false, ticket: 0 });
  if (mode === 0) rows.floats[row * ROW + KNOWN_SINCE] = session.serial;
  return true;
}

/** True if the lane may read what others read. */
function isSharable(session: LockSession, row: number, holder: number, lane: Lane, mode: number): boolean {
  if (mode === 0) return false;
  const isOther = (hold: ReturnType<typeof holderOf>) => hold.mode !== 0 && hold.lane !== lane;
  return holder === MANY ? lockOfRow(session, { row }).holds.every(isOther) : isOther(holderOf(session, holder));
}

/** The release of the lock that the lane took last, as it holds it. */
export function quickRelease(run: Run, row: number, mode: number): boolean {
  const { session, time, lane } = run;
  settle(session, lane);
  const { holds } = lane;
  if (holds.length === 0 || lane.stands) return false;
  const hold = holds[holds.length - 1]!;
  if (hold.row !== row || hold.level !== lane.frames.length || hold.place < 0) return false;
  if (hold.depth !== 1 || hold.pins !== 0 || hold.ticket !== 0) return false;
  if (hold.resumed !== 0 || hold.excluded !== undefined || (mode === 0) !== (hold.mode === 0)) return false;
  addHold(session.rows, hold.counted, mode, time > hold.time ? time - hold.time : 0);
  holds.pop();
  lane.chain = hold.before;
  if (mode === 0) session.rows.floats[row * ROW + KNOWN_SINCE] = session.serial;
  removeHolder(session, hold);
  return true;
}

/** A wait of a lane whose chain with the lock was judged before, for a lock that one other lane holds, or none. */
export function quickWait(run: Run, row: number, mode: number): boolean {
  const { session, lane } = run;
  const { rows, chains } = session;
  const code = rows.words[row * ROW_WORDS + WORD.code]!;
  const holder = rows.words[row * ROW_WORDS + WORD.holder]!;
  if (code < 0 || holder === MANY || lane.waits.length > 0 || !isUsual(lane)) return false;
  if (holder !== 0) {
    const other = laneOfHolder(session, holder);
    if (other === lane || other.gone) return false;
  }
  const chain = childOf(chains, chainOf(lane), code | (mode << 1));
  if (!wasJudged(chains, chain)) return false;
  countSeen(chains, chain);
  beginWait(run, { row, mode, subclass: 0, ticket: 0 });
  return true;
}
