import { laneOfHolder, settle } from "./open-lanes.ts";
import { addRow, classTagAt, MANY, ROW_WORDS, WORD } from "./rows.ts";
import type { Hold, Lock, LockSession, Variant, Wait } from "./state.ts";

/*
 * Who holds a lock and who waits for it: one alone is named by the lock's
 * row, several are listed by the lock itself.
 */

/** The row of a lock at a subclass; made where it is new. */
export function rowOf({ rows }: LockSession, lock: Lock, subclass: number): number {
  if (subclass === 0) return lock.row;
  lock.nested ??= new Map();
  const known = lock.nested.get(subclass);
  if (known !== undefined) return known;
  const made = addRow(rows);
  lock.nested.set(subclass, made);
  return made;
}

/** The lock that a hold or a wait is of. */
export function lockOfRow({ byRow }: LockSession, { row }: { readonly row: number }): Lock {
  return byRow[row]!;
}

/** What a chain says of a hold. */
export function variantHeld({ variants }: LockSession, { variant }: Pick<Hold, "variant">): Variant {
  return variants[variant]!;
}

/** Says anew whether acquisitions of the lock may be usual ones, and of which class: whenever its state or class changes. */
export function refreshRow({ rows: { words, rest } }: LockSession, { row, state, type, variant, base }: Lock): void {
  const isUsual = state === "live" && type !== "ww" && variant !== undefined;
  words[row * ROW_WORDS + WORD.code] = isUsual ? variant.id << 3 : -1;
  rest[classTagAt(row)] = base.tag;
}

/** What stands in a table of the session while it is alone with its lock. */
interface Placed {
  /** -1 once no row names it any more. */
  place: number;
}

const NOBODY: readonly never[] = [];

function all<T>(word: number, table: readonly T[], many: readonly T[]): readonly T[] {
  if (word === 0) return NOBODY;
  return word === MANY ? many : [table[word - 1]!];
}

function without<T extends Placed>(
  listed: readonly T[],
  gone: T,
): { readonly word: number; readonly many: readonly T[] } {
  const left = listed.filter((other) => other !== gone);
  if (left.length === 1 && left[0]!.place >= 0) return { word: left[0]!.place + 1, many: NOBODY };
  return { word: left.length === 0 ? 0 : MANY, many: left };
}

/** Who holds the lock, in the order in which they acquired it; their lanes are settled. */
export function holdersOf(session: LockSession, lock: Lock): readonly Hold[] {
  const { rows, holds } = session;
  const at = lock.row * ROW_WORDS + WORD.holder;
  if (rows.words[at]! < MANY) settle(session, laneOfHolder(session, rows.words[at]!));
  const found = all(rows.words[at]!, holds, lock.holds);
  for (const { lane } of found) settle(session, lane);
  return found;
}

/** Who waits for it, in the order in which they began. */
export function waitersOf({ rows, waits }: LockSession, lock: Lock): readonly Wait[] {
  return all(rows.words[lock.row * ROW_WORDS + WORD.waiter]!, waits, lock.waiters);
}

/** One more holds its lock. */
export function addHolder(session: LockSession, hold: Hold): void {
  const { words } = session.rows;
  const at = hold.row * ROW_WORDS + WORD.holder;
  if (words[at] === 0 && hold.place >= 0) words[at] = hold.place + 1;
  else {
    const lock = lockOfRow(session, hold);
    lock.holds = [...holdersOf(session, lock), hold];
    words[at] = MANY;
  }
}

/** One more waits for its lock; says how many do now. */
export function addWaiter(session: LockSession, wait: Wait): number {
  const { words } = session.rows;
  const at = wait.row * ROW_WORDS + WORD.waiter;
  wait.place = session.freeWaits.pop() ?? session.waits.length;
  session.waits[wait.place] = wait;
  if (words[at] === 0) {
    words[at] = wait.place + 1;
    return 1;
  }
  const lock = lockOfRow(session, wait);
  lock.waiters = [...waitersOf(session, lock), wait];
  words[at] = MANY;
  return lock.waiters.length;
}

/** One holds its lock no more. */
export function removeHolder(session: LockSession, hold: Hold): void {
  const { words } = session.rows;
  const at = hold.row * ROW_WORDS + WORD.holder;
  if (words[at] === MANY) {
    const lock = lockOfRow(session, hold);
    const { word, many } = without(lock.holds, hold);
    lock.holds = many;
    words[at] = word;
  } else if (words[at] === hold.place + 1) words[at] = 0;
  free(hold, session.freeHolds);
}

/** One waits for its lock no more. */
export function removeWaiter(session: LockSession, wait: Wait): void {
  const { words } = session.rows;
  const at = wait.row * ROW_WORDS + WORD.waiter;
  if (words[at] === MANY) {
    const lock = lockOfRow(session, wait);
    const { word, many } = without(lock.waiters, wait);
    lock.waiters = many;
    words[at] = word;
  } else if (words[at] === wait.place + 1) words[at] = 0;
  free(wait, session.freeWaits);
}

/** Nobody holds the lock or waits for it any more. */
export function removeAll(session: LockSession, lock: Lock): void {
  for (const hold of holdersOf(session, lock)) free(hold, session.freeHolds);
  for (const wait of waitersOf(session, lock)) free(wait, session.freeWaits);
  lock.holds = NOBODY;
  lock.waiters = NOBODY;
  session.rows.words[lock.row * ROW_WORDS + WORD.holder] = 0;
  session.rows.words[lock.row * ROW_WORDS + WORD.waiter] = 0;
}

/** Others may still look at it: a new one takes its place. */
function free(placed: Placed, places: number[]): void {
  if (placed.place < 0) return;
  places.push(placed.place);
  placed.place = -1;
}
