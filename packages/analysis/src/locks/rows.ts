/*
 * What nearly every record of a lock reads and writes, as rows of numbers.
 * With 10,000 locks in use a record costs what it costs to bring its lock's
 * numbers from memory, so those of the usual acquisition and release stand
 * in 72 bytes, and the rarer ones elsewhere. A lock has a row, and one more
 * for each of its subclasses.
 */

/** Places of a row's whole numbers, in 32-bit words. */
export const WORD = {
  /** What the usual acquisition appends to a chain, but for the mode; -1 while acquisitions of the lock are unusual. */
  code: 0,
  /** Place of its only hold in the table of holds, plus one; 0 where nobody holds it, MANY where `lock.holds` lists who does. */
  holder: 1,
  /** The same of who waits for it, and `lock.waiters`. */
  waiter: 2,
  /** The lane that acquired it last; 0 for none. */
  lastLane: 3,
  /** Numbers of its name and its class among those of contended locks, plus one; 0 where they have none. */
  tag: 4,
  classTag: 5,
} as const;

/** Place, in 64-bit numbers, of the serial of the last record after which no other lane can hold it: what an exclusive holder does. */
export const KNOWN_SINCE = 3;

/** Where writers' holds are counted in a row. */
const WRITERS_AT = 4;

/** Of a row, in 64-bit numbers, and in 32-bit words. */
export const ROW = 9;
export const ROW_WORDS = ROW * 2;

/** Places of the numbers of holds, once for writers and once for readers. Times are nanoseconds. */
export const HELD = {
  /** Acquisitions by another lane than the one before. */
  bounces: 0,
  /** Holds that ended. */
  holds: 1,
  sum: 2,
  least: 3,
  most: 4,
} as const;

/** Places of a lock's other numbers, once for writers and once for readers. */
export const STAT = {
  /** Waits for a lock that another lane had last. */
  waitBounces: 0,
  /** Waits that ended, with the lock or without. */
  waits: 1,
  waitSum: 2,
  waitLeast: 3,
  waitMost: 4,
  /** Most lanes that waited at once. */
  queueMost: 5,
  /** Of every wait that began: how many lanes waited then, itself among them. */
  queueSum: 6,
  waitsBegun: 7,
  triesFailed: 8,
  upgrades: 9,
  downgrades: 10,
  /** Blocking attempts that ended without the lock. */
  timeouts: 11,
  /** The deepest hold of a lock taken again; 0 for one that never was. */
  depthMost: 12,
} as const;

const STATS = 13;
/** Readers' holds are counted among the rarer numbers, behind those of both modes. */
const READERS_AT = STATS * 2;
/** Of the rarer numbers of a row. */
const REST = 32;

export const MANY = -1;

export interface LockRows {
  /** Rows; the same memory twice. */
  floats: Float64Array;
  words: Int32Array;
  /** The rarer numbers of the same rows. */
  rest: Float64Array;
  size: number;
}

export function createRows(): LockRows {
  return { ...viewsOf(new Float64Array(ROW * 16)), rest: new Float64Array(REST * 16), size: 0 };
}

/** Rows as a checkpoint has them: its views do not share their memory any more. */
export function restoreRows({ floats, rest, size }: LockRows): LockRows {
  return { ...viewsOf(floats.slice()), rest, size };
}

function viewsOf(floats: Float64Array) {
  return { floats, words: new Int32Array(floats.buffer) };
}

/** Makes a row in which nothing has happened. */
export function addRow(rows: LockRows): number {
  const made = rows.size;
  if ((made + 1) * ROW > rows.floats.length) {
    Object.assign(rows, viewsOf(doubled(rows.floats)));
    rows.rest = doubled(rows.rest);
  }
  rows.size = made + 1;
  rows.words[made * ROW_WORDS + WORD.code] = -1;
  for (const mode of [0, 1]) {
    holdsOf(rows, mode)[heldAt(made, mode) + HELD.least] = Infinity;
    rows.rest[statsAt(made, mode) + STAT.waitLeast] = Infinity;
  }
  return made;
}

function doubled(numbers: Float64Array): Float64Array {
  const larger = new Float64Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}

/** The numbers among which holds of a mode are counted, and where those of a row begin there: readers of both kinds count together. */
export function holdsOf({ floats, rest }: LockRows, mode: number): Float64Array {
  return mode === 0 ? floats : rest;
}

export function heldAt(row: number, mode: number): number {
  return mode === 0 ? row * ROW + WRITERS_AT : row * REST + READERS_AT;
}

/** Where a row's other numbers of a mode begin in `rest`. */
export function statsAt(row: number, mode: number): number {
  return row * REST + (mode === 0 ? 0 : STATS);
}
