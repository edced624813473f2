import { formatDuration } from "@wayward/base";
import { holdersOf, lockOfRow, waitersOf } from "../holders.ts";
import { holderOf } from "../open-lanes.ts";
import { MANY, ROW_WORDS, WORD } from "../rows.ts";
import { here, type Run, report, type Told } from "../run.ts";
import { type Lane, type Lock, type LockSession, MODE, type Place, type Wait } from "../state.ts";
import { placeOf } from "./recursion.ts";

/** So often each of two lanes fails before it is told that they fail in turn. */
const TURNS = 2;
/** Failed tries that a lane remembers. */
const TRIES_MAX = 16;

/** Why one lane cannot go on before another does. */
interface Blocking {
  readonly lane: Lane;
  readonly lock: Lock | undefined;
  /** A hole in the records may hide that it does not. */
  readonly unsure: boolean;
  readonly evidence: readonly Place[];
}

/** Who stands in the way of a waiting lane: holders of what it waits for, writers that readers let pass, the lane that it joins. */
function blockersOf(session: LockSession, lane: Lane): Blocking[] {
  // Another flow of an event loop can go on.
  if (lane.loop) return [];
  const blockers: Blocking[] = [];
  for (const wait of lane.waits) {
    const lock = lockOfRow(session, wait);
    for (const hold of holdersOf(session, lock)) {
      if (wait.mode !== MODE.exclusive && hold.mode !== MODE.exclusive) continue;
      blockers.push({
        lane: hold.lane,
        lock,
        unsure: hold.unsure || wait.unsure,
        evidence: [placeOf(hold), wait.at],
      });
    }
    if (wait.mode !== MODE.shared) continue;
    for (const other of waitersOf(session, lock)) {
      if (other.mode !== MODE.exclusive || other.since > wait.since) continue;
      blockers.push({
        lane: other.lane,
        lock,
        unsure: other.unsure || wait.unsure,
        evidence: [other.at, wait.at],
      });
    }
  }
  if (lane.joins !== undefined && !lane.joins.gone && lane.joinsAt !== undefined) {
    blockers.push({ lane: lane.joins, lock: undefined, unsure: false, evidence: [lane.joinsAt] });
  }
  return blockers;
}

/** `live.deadlock`: a lane that begins to wait closes a circle of lanes that wait for each other. */
export function judgeDeadlock(run: Run): void {
  if (endsAtOnce(run.session, run.lane)) return;
  const circle = circleOf(run.session, run.lane);
  // A lane that waits for itself is told as a double lock.
  if (circle === undefined || circle.length < 2) return;
  const locks = circle.map(({ lock }) => lock).filter((lock) => lock !== undefined);
  const names = circle.map(({ lane }) => run.dictionary.name("lane", lane.id));
  report(run, "live.deadlock", {
    locks,
    message: `${names.join(", ")} wait for each other: ${locks.map(({ name }) => name).join(", ")}`,
    evidence: circle.flatMap(({ evidence }) => evidence),
    unsure: circle.some(({ unsure }) => unsure),
    detail: { lanes: names },
  });
}

/** Lanes that wait for one another in a row before the search is left to `circleOf`. */
const ROW_MAX = 8;

/** True where a lane at the end of a row can go on: nearly every wait is for one that does. False says nothing. */
function endsAtOnce(session: LockSession, root: Lane): boolean {
  const { rows } = session;
  for (let lane = root, passed = 0; passed < ROW_MAX; passed++) {
    const { waits } = lane;
    if (lane.joins !== undefined || waits.length > 1) return false;
    if (waits.length === 0) return true;
    const wait = waits[0]!;
    const holder = rows.words[wait.row * ROW_WORDS + WORD.holder]!;
    // A reader also waits for writers that came before it.
    const mayYield = wait.mode === MODE.shared && rows.words[wait.row * ROW_WORDS + WORD.waiter] === MANY;
    if (mayYield || holder === MANY) return false;
    if (holder === 0) return true;
    const hold = holderOf(session, holder);
    if (wait.mode !== MODE.exclusive && hold.mode !== MODE.exclusive) return true;
    lane = hold.lane;
    if (lane === root) return false;
  }
  return false;
}

function circleOf(session: LockSession, root: Lane): Blocking[] | undefined {
  const seen = new Set<Lane>();
  const path: Blocking[] = [];
  const visit = (lane: Lane): boolean => {
    for (const blocking of blockersOf(session, lane)) {
      path.push(blocking);
      if (blocking.lane === root) return true;
      if (!seen.has(blocking.lane)) {
        seen.add(blocking.lane);
        if (visit(blocking.lane)) return true;
      }
      path.pop();
    }
    return false;
  };
  return visit(root) ? path : undefined;
}

/** `live.long-wait`: a wait that has ended, or has not, took longer than the limit. */
export function judgeLongWait(run: Told, wait: Wait, now: number): void {
  const { at } = wait;
  if (wait.told || now - at.time < run.session.longWait) return;
  wait.told = true;
  const lock = lockOfRow(run.session, wait);
  const holds = holdersOf(run.session, lock);
  const holders = holds.map(({ lane }) => run.dictionary.name("lane", lane.id));
  const by = holders.length === 0 ? "" : `, held by ${holders.join(", ")}`;
  report(run, "live.long-wait", {
    locks: [lock],
    message: `${run.dictionary.name("lane", at.lane)} has waited ${formatDuration(BigInt(Math.round(now - at.time)))} for ${lock.name}${by}`,
    evidence: [...holds.map(placeOf), at],
    unsure: wait.unsure,
  });
}

/** `live.dead-owner`: a lane waits for a lock whose holder's lane is gone. */
export function judgeDeadOwner(run: Run, lock: Lock, at: Place = here(run)): void {
  const dead = holdersOf(run.session, lock).find(({ lane }) => lane.gone);
  if (dead === undefined) return;
  report(run, "live.dead-owner", {
    locks: [lock],
    message: `${run.dictionary.name("lane", at.lane)} waits for ${lock.name}, whose holder ${run.dictionary.name("lane", dead.lane.id)} is gone`,
    evidence: [placeOf(dead), at],
    unsure: dead.unsure,
  });
}

/** `live.livelock`: lanes fail in turn to get what the next one holds, round and round, and none makes progress. */
export function noteFailedTry(run: Run, lock: Lock): void {
  const { lane } = run;
  const hold = holdersOf(run.session, lock).find((one) => one.lane !== lane);
  if (hold === undefined || lane.loop || hold.lane.loop) return;
  lane.tries.push({ lock, holder: hold.lane, at: here(run), unsure: hold.unsure });
  if (lane.tries.length > TRIES_MAX) lane.tries.shift();
  const circle = failingCircle(lane, [lane]);
  if (circle === undefined) return;
  const tries = circle.flatMap((other) => other.tries);
  report(run, "live.livelock", {
    locks: [...new Set(tries.map((tried) => tried.lock))],
    message: `${circle.map(({ id }) => run.dictionary.name("lane", id)).join(", ")} fail in turn to get each other's locks`,
    evidence: tries.map(({ at }) => at),
    unsure: tries.some(({ unsure }) => unsure),
  });
}

/** Lanes from the last of `path` back to its first, each of which has failed often enough to get a lock of the next. */
function failingCircle(root: Lane, path: readonly Lane[]): Lane[] | undefined {
  const { tries } = path.at(-1)!;
  for (const next of new Set(tries.map(({ holder }) => holder))) {
    if (tries.filter(({ holder }) => holder === next).length < TURNS) continue;
    if (next === root && path.length > 1) return [...path];
    if (path.includes(next)) continue;
    const found = failingCircle(root, [...path, next]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A lock that the lane failed to get is got: it makes progress. */
export function noteProgress({ lane }: Run, lock: Lock): void {
  if (lane.tries.some((tried) => tried.lock === lock)) lane.tries = [];
}
