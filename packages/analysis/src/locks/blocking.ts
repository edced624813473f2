import { addQueue } from "./contention.ts";
import { lockOfRow } from "./holders.ts";
import { holderOf } from "./open-lanes.ts";
import { classTagAt, MANY, ROW_WORDS, tagAt, WORD } from "./rows.ts";
import type { Run } from "./run.ts";
import type { LockSession, Wait } from "./state.ts";
import { addEntry, countEntry, entryOf, readEntry, type Tally } from "./tally.ts";

/*
 * Where lanes wait, and for whom: places in the code by class, and pairs of
 * lanes by lock. They are found by numbers, as a wait of a busy lock is no
 * rare record; what has the same name has the same number.
 */

/** Places and pairs of lanes that are kept; what comes with more is counted as left out. */
const POINTS_MAX = 10_000;

/** One lane has waited for what another one held. */
interface Blocked {
  readonly waiter: number;
  readonly holder: number;
  readonly lock: string;
  readonly count: number;
  readonly nanoseconds: number;
}

export interface ContentionPoint {
  readonly cls: string;
  /** Of what was waited for. */
  readonly subclass: number;
  readonly kind: "waits" | "holds";
  readonly site: number;
  readonly mode: number;
  readonly count: number;
}

/** A wait begins, as one of so many for its lock: where, for what, and who is in the way. */
export function countBlocked({ session }: Run, wait: Wait, waiting: number): void {
  const { counted, mode, subclass, at } = wait;
  addQueue(session.rows, counted, mode, waiting);
  count(session.points, tagOfClass(session, wait), at.site, pointKey(subclass, 0, mode));
  const holder = session.rows.words[wait.row * ROW_WORDS + WORD.holder]!;
  if (holder === MANY) for (const hold of lockOfRow(session, wait).holds) countPair(session, wait, hold);
  else if (holder !== 0) countPair(session, wait, holderOf(session, holder));
}

/** Somebody holds what is waited for. */
function countPair(session: LockSession, wait: Wait, hold: ReturnType<typeof holderOf>): void {
  const key = pointKey(wait.subclass, 1, hold.mode);
  count(session.points, tagOfClass(session, wait), hold.site, key);
  count(session.blocked, wait.lane.id, hold.lane.id, tagOfLock(session, wait));
}

/** The wait's time is on those who hold the lock as it ends, or held it last. */
export function chargeWait({ session, time }: Run, wait: Wait): void {
  const { blocked, rows } = session;
  const { at, lane } = wait;
  const holder = rows.words[wait.row * ROW_WORDS + WORD.lastLane]!;
  const entry = entryOf(blocked, lane.id | 0, holder, tagOfLock(session, wait));
  if (entry >= 0) blocked.sums[entry]! += time > at.time ? time - at.time : 0;
}

function count(tally: Tally, a: number, b: number, c: number): void {
  const known = entryOf(tally, a | 0, b | 0, c);
  if (known >= 0) countEntry(tally, known);
  else if (tally.size < POINTS_MAX) countEntry(tally, addEntry(tally, a | 0, b | 0, c));
  else tally.beyond++;
}

/** What was counted without its place or its pair, by what it lacks. */
export function leftOutOf({ points, blocked }: LockSession): (readonly [string, number])[] {
  const beyond = [["contention points", points.beyond] as const, ["pairs of lanes", blocked.beyond] as const];
  return beyond.filter(([, times]) => times > 0);
}

/** Subclasses are small numbers; there are three modes. */
function pointKey(subclass: number, kind: number, mode: number): number {
  return (subclass << 3) | (kind << 2) | mode;
}

function tagOfClass(session: LockSession, wait: Wait): number {
  const { rest } = session.rows;
  const at = classTagAt(wait.row);
  if (rest[at] === 0) {
    const { base } = lockOfRow(session, wait);
    base.tag ||= tagOf(session, base.name) + 1;
    rest[at] = base.tag;
  }
  return rest[at]! - 1;
}

function tagOfLock(session: LockSession, wait: Wait): number {
  const { rest } = session.rows;
  const at = tagAt(wait.row);
  if (rest[at] === 0) rest[at] = tagOf(session, lockOfRow(session, wait).name) + 1;
  return rest[at]! - 1;
}

/** Equal names have one number. */
function tagOf({ tags }: LockSession, name: string): number {
  const known = tags.get(name);
  if (known !== undefined) return known;
  tags.set(name, tags.size);
  return tags.size - 1;
}

export function blockedPairs({ blocked, tags }: LockSession): Blocked[] {
  const names = [...tags.keys()];
  return Array.from({ length: blocked.size }, (_, entry) => {
    const { a: waiter, b: holder, c: tag, count: counted } = readEntry(blocked, entry);
    const nanoseconds = blocked.sums[entry]!;
    return { waiter: waiter >>> 0, holder: holder >>> 0, lock: names[tag]!, count: counted, nanoseconds };
  });
}

export function contentionPoints({ points, tags }: LockSession): ContentionPoint[] {
  const names = [...tags.keys()];
  return Array.from({ length: points.size }, (_, entry) => {
    const { a: tag, b: site, c: key, count: counted } = readEntry(points, entry);
    return {
      cls: names[tag]!,
      subclass: key >>> 3,
      kind: (key & 4) === 0 ? "waits" : "holds",
      site: site >>> 0,
      mode: key & 3,
      count: counted,
    };
  });
}
