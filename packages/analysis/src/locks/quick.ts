import { beginWait, endWait } from "./acquire.ts";
import { addHold, countAcquired } from "./contention.ts";
import { addHolder, lockOfRow, removeHolder } from "./holders.ts";
import { newHold } from "./holds.ts";
import { childOf, countSeen, wasJudged } from "./order/chains.ts";
import { KNOWN_SINCE, MANY, ROW, ROW_WORDS, WORD } from "./rows.ts";
import type { Run } from "./run.ts";
import type { Hold, Lane, LockSession } from "./state.ts";

/*
 * The records that programs are full of, answered from a lock's row, the
 * lane and its chain. Each answers false where something about its record is
 * unusual: nothing is done then, and the way through step.ts is taken, which
 * says the same of usual ones.
 */

/** A lane of which the next record can be usual. */
function isUsual({ tries, stands, holed }: Lane): boolean {
  return tries.length === 0 && !stands && !holed;
}

/**
 * An acquisition by a lane whose chain with the lock was judged before, or
 * which waited for just that, of a lock that is free, or held by other
 * readers for a reader.
 */
export function quickAcquire(run: Run, lane: Lane, row: number, mode: number): boolean {
  const { session } = run;
  const { rows, chains, idleHolds } = session;
  const code = rows.words[row * ROW_WORDS + WORD.code]!;
  const holder = rows.words[row * ROW_WORDS + WORD.holder]!;
  if (code < 0 || !isUsual(lane)) return false;
  if (holder !== 0 && !isSharable(session, row, holder, lane, mode)) return false;
  const chain = childOf(chains, lane.chain, code | (mode << 1));
  const { waits } = lane;
  if (waits.length === 0) {
    if (!wasJudged(chains, chain)) return false;
    countSeen(chains, chain);
  } else {
    const wait = waits[0]!;
    if (waits.length > 1 || wait.row !== row) return false;
    endWait(run, wait, true);
  }
  const hold = idleHolds.length > 0 ? idleHolds.pop()! : newHold(session, row, lane, 0);
  fill(hold, run, lane);
  hold.row = row;
  hold.counted = row;
  hold.mode = mode;
  hold.variant = code >>> 3;
  lane.chain = chain;
  lane.holds.push(hold);
  if (holder === 0) rows.words[row * ROW_WORDS + WORD.holder] = hold.place + 1;
  else addHolder(session, hold);
  if (mode === 0) rows.floats[row * ROW + KNOWN_SINCE] = session.serial;
  countAcquired(session, row, row, mode, lane.id);
  return true;
}

/** What a hold has from the record that takes it. */
function fill(hold: Hold, { session, batch, index, time }: Run, lane: Lane): void {
  hold.lane = lane;
  hold.level = lane.frames.length;
  hold.unsure = lane.loop;
  hold.since = session.serial;
  hold.before = lane.chain;
  hold.time = time;
  hold.eventNo = batch.eventNo(index);
  hold.site = batch.takenAt(index);
  hold.stack = batch.stack(index);
}

/** True if the lane may read what others read. */
function isSharable(session: LockSession, row: number, holder: number, lane: Lane, mode: number): boolean {
  if (mode === 0) return false;
  const isOther = (hold: Hold) => hold.mode !== 0 && hold.lane !== lane;
  return holder === MANY ? lockOfRow(session, { row }).holds.every(isOther) : isOther(session.holds[holder - 1]!);
}

/** The release of the lock that the lane took last, as it holds it. */
export function quickRelease(run: Run, lane: Lane, row: number, mode: number): boolean {
  const { session, time } = run;
  const { holds } = lane;
  if (holds.length === 0 || lane.stands) return false;
  const hold = holds[holds.length - 1]!;
  if (hold.row !== row || hold.level !== lane.frames.length || hold.place < 0) return false;
  if (hold.depth !== 1 || hold.pins !== 0 || hold.ticket !== 0) return false;
  if (hold.resumed !== 0 || hold.excluded !== undefined || (mode === 0) !== (hold.mode === 0)) return false;
  const { words, floats } = session.rows;
  addHold(session.rows, hold.counted, mode, time > hold.time ? time - hold.time : 0);
  holds.pop();
  lane.chain = hold.before;
  if (mode === 0) floats[row * ROW + KNOWN_SINCE] = session.serial;
  if (words[row * ROW_WORDS + WORD.holder] === MANY) removeHolder(session, hold);
  else {
    words[row * ROW_WORDS + WORD.holder] = 0;
    hold.tried = false;
    session.idleHolds.push(hold);
  }
  return true;
}

/** A wait of a lane whose chain with the lock was judged before, for a lock that one other lane holds, or none. */
export function quickWait(run: Run, lane: Lane, row: number, mode: number): boolean {
  const { session } = run;
  const { rows, chains } = session;
  const code = rows.words[row * ROW_WORDS + WORD.code]!;
  const holder = rows.words[row * ROW_WORDS + WORD.holder]!;
  if (code < 0 || holder === MANY || lane.waits.length > 0 || !isUsual(lane)) return false;
  if (holder > 0) {
    const other = session.holds[holder - 1]!.lane;
    if (other === lane || other.gone) return false;
  }
  const chain = childOf(chains, lane.chain, code | (mode << 1));
  if (!wasJudged(chains, chain)) return false;
  countSeen(chains, chain);
  beginWait(run, { row, mode, subclass: 0, ticket: 0 });
  return true;
}
