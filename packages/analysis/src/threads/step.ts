import type { Dictionary, LaneRun } from "@wayward/block";
import type { Batch } from "../batch.ts";
import { FACT, FACTS, FACTS_SHIFT, OP_BITS } from "../facts.ts";
import { OP } from "../ops.ts";
import { causeOf } from "./causes.ts";
import { beginLane, endLane, leaveOutLane, noteHole } from "./lanes.ts";
import { type Lane, type ThreadSession, UNSURE } from "./state.ts";
import { beginWait, countWait, endWait, goOn } from "./waits.ts";

/** As constants of this file, whose values the compiler knows. */
const { rest: REST } = FACT;
const [SHIFT, BITS] = [FACTS_SHIFT, OP_BITS];

/** Durations beyond are negative ones: they say nothing. */
const DURATION_MAX = Number.MAX_SAFE_INTEGER;

/** What the steps of one block share. */
interface Step {
  readonly session: ThreadSession;
  readonly dictionary: Dictionary;
  readonly batch: Batch;
  /** By slot. */
  readonly causes: Int8Array;
  /** When the process ended, if it did. */
  exit: number | undefined;
}

/**
 * Takes a block's records lane by lane: what one lane does says nothing of
 * another, but for the end of the process, which comes last.
 */
export function stepLanes(session: ThreadSession, dictionary: Dictionary, batch: Batch): void {
  const { kinds, runs, times } = batch;
  const causes = Int8Array.from(kinds, ({ name }) => causeOf(name));
  const step: Step = { session, dictionary, batch, causes, exit: undefined };
  for (const run of runs) {
    if (run.count === 0) continue;
    session.now = Math.max(session.now, times[run.from + run.count - 1]!);
    stepRun(step, run);
  }
  const { exit } = step;
  if (exit === undefined) return;
  for (const lane of [...session.lanes.values()]) if (!lane.ended) endLane(session, lane, exit);
}

/**
 * By op: 0 for records that say nothing of a lane, of which its table is asked
 * in one step: which of the usual ops comes next nobody foresees, a processor neither.
 */
const SAYS_TO_WAITING = new Uint8Array(OP_BITS + 1).fill(1);
SAYS_TO_WAITING[OP.none] = 0;
SAYS_TO_WAITING[OP.released] = 0;
/** The same of a lane that waits for nothing. */
const SAYS = SAYS_TO_WAITING.slice();
SAYS[OP.acquired] = 0;

function stepRun(step: Step, run: LaneRun): void {
  const { batch } = step;
  const { from, count, firstEventNo } = run;
  const { times, facts } = batch;
  const lastNo = batch.eventNo(from + count - 1);
  const hasHoles = lastNo - firstEventNo !== count - 1;
  let lane = laneOfRun(step, run);
  if (lane !== undefined) lane.records += count;
  let isWaiting = lane !== undefined && lane.waits.length > 0;
  for (let index = from; index < from + count; index++) {
    const op = facts[(index << SHIFT) | REST]! & BITS;
    if (!hasHoles && (isWaiting ? SAYS_TO_WAITING : SAYS)[op] === 0) continue;
    if (op === OP.laneStart && (lane === undefined || lane.ended)) lane = beginAgain(step, run, index, lane);
    if (lane === undefined || lane.ended) continue;
    if (hasHoles) {
      const eventNo = batch.eventNo(index);
      if (eventNo !== lane.next) noteHole(lane);
      lane.next = eventNo + 1;
    }
    if (op === OP.none || op === OP.released) continue;
    if (op === OP.acquired && lane.waits.length === 0) continue;
    const until = index + 1 < from + count ? times[index + 1] : undefined;
    stepOne(step, lane, index, op, until);
    isWaiting = lane.waits.length > 0;
  }
  if (lane === undefined) return;
  lane.next = lastNo + 1;
  if (!lane.ended) lane.last = Math.max(lane.last, times[from + count - 1]!);
}

/** The lane that goes on, or a new one; undefined for what comes after an exit, and what cannot be followed. */
function laneOfRun(step: Step, { lane: id, from, count, firstEventNo }: LaneRun): Lane | undefined {
  const { session, dictionary, batch } = step;
  const time = batch.times[from]!;
  let known = session.lanes.get(id);
  if (known === undefined && firstEventNo > 0 && session.gone.has(id)) return undefined;
  if (known !== undefined && firstEventNo === 0 && known.next > 0) {
    if (!known.ended) {
      known.unsure |= UNSURE.end;
      endLane(session, known, known.last);
    }
    known = undefined;
  }
  if (known === undefined) {
    const made = beginLane(session, dictionary, id, time, firstEventNo);
    if (made === undefined) leaveOutLane(session, count);
    return made;
  }
  if (known.ended) return known;
  goOn(session, known, time);
  if (known.next !== firstEventNo) noteHole(known);
  known.next = firstEventNo;
  known.doubted = false;
  for (const wait of known.waits) wait.told = false;
  return known;
}

/** A lane starts that has the number of one that ended. */
function beginAgain({ session, dictionary, batch }: Step, run: LaneRun, index: number, before: Lane | undefined) {
  const left = run.from + run.count - index;
  if (before !== undefined) before.records -= left;
  const lane = beginLane(session, dictionary, run.lane, batch.times[index]!, 0);
  if (lane === undefined) leaveOutLane(session, left);
  else {
    lane.records = left;
    lane.next = batch.eventNo(index);
  }
  return lane;
}

/** `until`: the time of the lane's next record, if it is in the block. */
function stepOne(step: Step, lane: Lane, index: number, op: number, until: number | undefined): void {
  const { session, batch, causes } = step;
  const slot = batch.slots[index]!;
  const first = batch.facts[index * FACTS + FACT.first]!;
  const time = batch.times[index]!;
  const cause = causes[slot]!;
  switch (op) {
    case OP.wait:
    case OP.semaphoreWait:
      beginWait(session, lane, first, cause, time);
      break;
    case OP.acquired:
    case OP.timedOut:
    case OP.semaphoreAcquired:
    case OP.semaphoreTimedOut:
      endWait(session, lane, first, time);
      break;
    case OP.conditionWait:
    case OP.barrierWait:
    case OP.laneJoin:
      lane.stands = { cause, since: time };
      if (until !== undefined) goOn(session, lane, until);
      break;
    case OP.pause:
    case OP.took: {
      const duration = batch.number(index, "duration") ?? 0;
      if (duration <= DURATION_MAX) countWait(lane, session.profile, cause, time - duration, time);
      break;
    }
    case OP.laneStart:
      if (first !== 0) lane.parent = first;
      break;
    case OP.laneName:
      lane.name = step.dictionary.string(first);
      break;
    case OP.laneExit:
      endLane(session, lane, time);
      break;
    case OP.processExit:
      step.exit = Math.max(step.exit ?? 0, time);
      break;
  }
}
