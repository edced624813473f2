import { ACQUIRE_FAILURES } from "@wayward/record";
import type { Batch } from "../batch.ts";
import { FACT, FACTS, HAS_ONLY_TWO, OP_BITS, RUN_SHIFT } from "../facts.ts";
import { OP } from "../ops.ts";
import type { RuleId } from "../rules.ts";
import { attempt, beginWait, endWait, type Outcome } from "./acquire.ts";
import { beginAnswer, endAnswer, noteCall } from "./calls.ts";
import { goOn, signal, waitAtBarrier, waitForCondition, woken } from "./conditions.ts";
import { countTryFailed } from "./contention.ts";
import { declareContext, declareMaskedBy, enterContext, exitContext, mask, unmask } from "./contexts.ts";
import { lockOfRow } from "./holders.ts";
import { ownHold } from "./holds.ts";
import { noteDrop } from "./holes.ts";
import { exitLane, exitProcess, joinLane } from "./lanes.ts";
import { createLock, destroyLock, useLock } from "./lifetime.ts";
import { leavesOut, lockOf } from "./lookup.ts";
import { beginBlock, endBlock, settle, settleAll } from "./open-lanes.ts";
import { refreshChain } from "./order/lane-chain.ts";
import { quickAcquire, quickRelease, quickWait } from "./quick.ts";
import { changeMode, handOver, release } from "./release.ts";
import { reportHeldOver } from "./rules/exit.ts";
import { noteFailedTry, noteProgress } from "./rules/live.ts";
import { reportAssertion } from "./rules/release.ts";
import { beginTicket, doneTicket, endTicket } from "./rules/tickets.ts";
import { judgeWaitType } from "./rules/wait-type.ts";
import type { Run } from "./run.ts";
import { laneOf } from "./session.ts";
import type { Lane, Lock } from "./state.ts";
import { stepUsual } from "./usual.ts";

/** Takes a block's records in order of time. */
export function stepBatch(run: Run, batch: Batch): void {
  const { session } = run;
  const { runs, count } = batch;
  run.batch = batch;
  const lanes = runs.map(({ lane }) => laneOf(session, lane));
  if (session.loops) for (const lane of lanes) enterLoop(run, lane);
  session.records += count;
  beginBlock(session, batch, lanes);
  try {
    for (let at = 0; at < count; at++) {
      // Where users of locks are counted all records take the slow way.
      if (!session.detail) at = stepUsual(session, at, count);
      if (at < count) stepOther(run, lanes, at);
    }
  } finally {
    endBlock(session);
  }
  if (count > 0) session.now = Math.max(session.now, batch.times[batch.order[count - 1]!]!);
}

/** What a record must have in its last fact to be a usual one, beside the lowest ops. */
const QUICK = HAS_ONLY_TWO;

/** A record that usual.ts leaves. */
function stepOther(run: Run, lanes: Lane[], at: number): void {
  const { session, batch } = run;
  const { order, facts, times } = batch;
  const index = order[at]!;
  const fact = index * FACTS;
  const first = facts[fact + FACT.first]!;
  const second = facts[fact + FACT.second]!;
  const rest = facts[fact + FACT.rest]!;
  const place = rest >>> RUN_SHIFT;
  let lane = lanes[place]!;
  session.serial++;
  // A lane's number may come back after its exit, for another one.
  if (lane.gone) lanes[place] = lane = laneOf(session, lane.id);
  run.index = index;
  run.lane = lane;
  run.time = times[index]!;
  if (run.time > session.now) session.now = run.time;
  if (!session.detail && (rest & QUICK) !== 0 && isAnswered(run, rest & OP_BITS, place, first, second)) return;
  settle(session, lane);
  if (OF_LOCKS.has(rest & OP_BITS) && !session.locks.has(first) && leavesOut(session)) return;
  stepOne(run, rest & OP_BITS, first, second);
}

/** True if it was a usual record, and all is done. */
function isAnswered(run: Run, op: number, place: number, object: number, mode: number): boolean {
  const row = (run.session.rowOfObject[object] ?? 0) - 1;
  if (row < 0) return false;
  if (op === OP.acquired) return quickAcquire(run, place, row, mode);
  if (op === OP.released) return quickRelease(run, row, mode);
  return op === OP.wait && quickWait(run, row, mode);
}

/** Kinds of lanes that run event loops, by their places in LANE_KINDS: threads and workers. */
const LOOP_KIND_LAST = 1;

/** A lane that runs an event loop has chains of its own: what follows from them is not sure. */
function enterLoop({ session, dictionary }: Run, lane: Lane): void {
  const isLoop = (dictionary.laneRow(lane.id)?.kind ?? 0) <= LOOP_KIND_LAST;
  if (isLoop === lane.loop) return;
  lane.loop = isLoop;
  refreshChain(session, lane);
}
/** What has a lock, semaphore, condition or barrier as its first field. */
const OF_LOCKS: ReadonlySet<number> = new Set([
  ...[
    OP.acquired,
    OP.released,
    OP.wait,
    OP.timedOut,
    OP.tryFailed,
    OP.created,
    OP.destroyed,
    OP.upgraded,
    OP.downgraded,
    OP.asserted,
    OP.pinned,
  ],
  ...[OP.unpinned, OP.handedOver, OP.conditionWait, OP.signal, OP.broadcast, OP.semaphoreWait, OP.semaphoreAcquired],
  ...[OP.semaphoreTimedOut, OP.post, OP.barrierWait],
]);

/** One record that is not the usual acquisition or release. `first` and `second` are its first two fields. */
function stepOne(run: Run, op: number, first: number, second: number): void {
  const { lane } = run;
  if (lane.stands && op !== OP.conditionWoken && op !== OP.barrierPassed) goOn(run);
  switch (op) {
    case OP.wait:
      attemptOf(run, "waits", first, second);
      break;
    case OP.acquired:
      attemptOf(run, "acquired", first, second);
      break;
    case OP.timedOut:
      attemptOf(run, "ended", first, second);
      break;
    case OP.released:
      release(run, lock(run, first), run.batch.number(run.index, "mode"), flag(run, "plain"));
      break;
    case OP.tryFailed:
      countTryFailed(run, lock(run, first), second);
      noteFailedTry(run, lock(run, first));
      break;
    case OP.created:
      createLock(run, first, lock(run, first));
      break;
    case OP.destroyed:
      destroyLock(run, first, lock(run, first));
      break;
    case OP.upgraded:
      changeMode(run, lock(run, first), 0);
      break;
    case OP.downgraded:
      changeMode(run, lock(run, first), 1);
      break;
    case OP.handedOver:
      handOver(run, lock(run, first), laneOf(run.session, second));
      break;
    case OP.asserted:
    case OP.pinned:
    case OP.unpinned:
      stepHold(run, op, lock(run, first));
      break;
    case OP.semaphoreWait:
    case OP.semaphoreAcquired:
    case OP.semaphoreTimedOut:
    case OP.post:
      stepSemaphore(run, op, lock(run, first));
      break;
    case OP.conditionWait:
      waitForCondition(run, lock(run, first), second === 0 ? undefined : lock(run, second));
      break;
    case OP.conditionWoken:
      woken(run, lane, second === 1);
      break;
    case OP.signal:
    case OP.broadcast:
      signal(run, lock(run, first), op === OP.broadcast);
      break;
    case OP.barrierWait:
      waitAtBarrier(run, lock(run, first), run.batch.number(run.index, "count") ?? 0);
      break;
    case OP.barrierPassed:
      goOn(run);
      break;
    case OP.ticketBegin:
      beginTicket(run, first, run.dictionary.string(second));
      break;
    case OP.ticketDone:
      doneTicket(run, first);
      break;
    case OP.ticketEnd:
      endTicket(run, first);
      break;
    default:
      stepRest(run, op, first, second);
  }
}

/** Contexts, lanes, and what lasts while locks are held. */
function stepRest(run: Run, op: number, first: number, second: number): void {
  const name = () => run.dictionary.string(first);
  switch (op) {
    case OP.contextEnter:
      enterContext(run, name());
      break;
    case OP.contextExit:
      exitContext(run, name());
      break;
    case OP.mask:
      mask(run, name());
      break;
    case OP.unmask:
      unmask(run, name());
      break;
    case OP.contextDeclared:
      declareContext(run, name(), second);
      break;
    case OP.contextMaskedBy:
      declareMaskedBy(run, name(), run.dictionary.string(second));
      break;
    case OP.laneExit:
      exitLane(run, run.lane);
      break;
    case OP.laneJoin:
      joinLane(run, laneOf(run.session, first));
      break;
    case OP.processExit:
      exitProcess(run);
      break;
    case OP.pause:
      pause(run, run.batch.number(run.index, "duration") ?? 0);
      break;
    case OP.callBegin:
      beginAnswer(run);
      break;
    case OP.callEnd:
      endAnswer(run);
      break;
    case OP.drop:
      dropped(run, first);
      break;
    case OP.tracing:
      switchTracing(run, name(), second);
      break;
  }
}

function lock(run: Run, object: number): Lock {
  return lockOf(run.session, run.dictionary, object, run.lane.id);
}

function flag(run: Run, field: string): boolean {
  return run.batch.number(run.index, field) === 1;
}

function attemptOf(run: Run, outcome: Outcome, object: number, mode: number): void {
  const { batch, index } = run;
  const number = (field: string) => batch.number(index, field) ?? 0;
  const asked = lock(run, object);
  attempt(run, outcome, {
    lock: asked,
    mode,
    subclass: number("subclass"),
    under: number("under"),
    nestTicket: number("nest_ticket"),
    ticket: number("ticket"),
    slow: number("slow") === 1,
    tried: number("tried") === 1,
    result: outcome === "ended" ? (ACQUIRE_FAILURES[number("result")] ?? "failed") : "",
  });
  if (outcome === "acquired") noteProgress(run, asked);
}

function stepHold(run: Run, op: number, subject: Lock): void {
  const { batch, index, lane } = run;
  useLock(run, subject);
  const hold = ownHold(lane, subject);
  if (op === OP.pinned && hold !== undefined) hold.pins++;
  if (op === OP.unpinned && hold !== undefined && hold.pins > 0) hold.pins--;
  if (op !== OP.asserted) return;
  const mode = batch.number(index, "mode");
  const fits = hold !== undefined && (mode === undefined || (mode === 0) === (hold.mode === 0));
  const not = flag(run, "not");
  if (fits === not) reportAssertion(run, subject, hold, not);
}

/** Semaphores are never held: how their acquirers wait is judged, and how long. */
function stepSemaphore(run: Run, op: number, semaphore: Lock): void {
  useLock(run, semaphore);
  if (op === OP.post) return;
  const waiting = run.lane.waits.find((wait) => wait.row === semaphore.row);
  if (waiting === undefined && !flag(run, "tried")) judgeWaitType(run, semaphore);
  if (op === OP.semaphoreWait) {
    if (waiting === undefined) beginWait(run, { row: semaphore.row, mode: 0, subclass: 0, ticket: 0 });
  } else if (waiting !== undefined) endWait(run, waiting, op === OP.semaphoreAcquired);
}

const PAUSES: Readonly<Record<string, RuleId & `held-over.${string}`>> = {
  "pause.await": "held-over.await",
  "pause.io": "held-over.io",
  "pause.sleep": "held-over.sleep",
  "pause.call": "held-over.call",
};

function pause(run: Run, duration: number): void {
  const rule = PAUSES[run.batch.kinds[run.batch.slots[run.index]!]!.name];
  if (rule === undefined) return;
  for (const hold of run.lane.holds) reportHeldOver(run, rule, hold, duration);
  if (rule === "held-over.call") noteCall(run, duration);
}

/** Records of a lane are missing, 0 for any lane; its numbers go on behind them. */
function dropped({ session, batch, index, time }: Run, lane: number): void {
  const next = (batch.number(index, "first") ?? 0) + (batch.number(index, "count") ?? 0);
  noteDrop(session, lane, Math.min(time, batch.timeSince(index, "from") ?? 0), next);
}

/** From now on not all records of a class are kept: what was held is unsure. */
function switchTracing({ session }: Run, name: string, mode: number): void {
  const base = session.classes.get(name);
  if (base === undefined) return;
  base.partial = mode !== 0;
  settleAll(session);
  for (const lane of session.lanes.values()) {
    for (const hold of lane.holds as Lane["holds"]) if (lockOfRow(session, hold).base === base) hold.unsure = true;
  }
}
