/*
 * What nearly every record of a lock reads and writes, as rows of numbers.
 * With 10,000 locks in use a record costs what it costs to bring its lock's
 * numbers from memory, which comes in lines of 64 bytes. So those of the
 * usual acquisition and release by a writer are one line, those that readers
 * add another, those of waits another for each mode, and the rarest stand
 * elsewhere. A lock has a row in each, and one more for each of its
 * subclasses.
 */

/** Places of a row's whole numbers, in 32-bit words. */
export const WORD = {
  /** What the usual acquisition appends to a chain, but for the mode; -1 while acquisitions of the lock are unusual. */
  code: 0,
  /**
   * Place of its only hold in the table of holds, plus one; 0 where nobody holds it, MANY where `lock.holds` lists
   * who does, below that a line of an open lane.
   */
  holder: 1,
  /** The same of who waits for it, and `lock.waiters`. */
  waiter: 2,
  /** The lane that acquired it last; 0 for none. */
  lastLane: 3,
} as const;

/** Place, in 64-bit numbers, of the serial of the last record after which no other lane can hold it: what an exclusive holder does. */
export const KNOWN_SINCE = 2;

/** Where writers' holds are counted in a row. */
export const WRITERS_AT = 3;

/** Of a row, in 64-bit numbers, and in 32-bit words: one line of memory. */
export const ROW_SHIFT = 3;
export const ROW = 1 << ROW_SHIFT;
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

/** Places of the numbers of waits, once for writers and once for readers. */
export const WAITED = {
  /** Waits for a lock that another lane had last. */
  bounces: 0,
  /** Waits that ended, with the lock or without. */
  waits: 1,
  sum: 2,
  least: 3,
  most: 4,
  /** Most lanes that waited at once. */
  queueMost: 5,
  /** Of every wait that began: how many lanes waited then, itself among them. */
  queueSum: 6,
  begun: 7,
} as const;

/** Places of a lock's other numbers, once for writers and once for readers. */
export const RARE = {
  triesFailed: 0,
  upgrades: 1,
  downgrades: 2,
  /** Blocking attempts that ended without the lock. */
  timeouts: 3,
  /** The deepest hold of a lock taken again; 0 for one that never was. */
  depthMost: 4,
} as const;

const RARES = 5;
/** Of the other numbers of a row, and where among them its tags are. */
const REST = 12;
const TAG_AT = RARES * 2;
const CLASS_TAG_AT = TAG_AT + 1;

export const MANY = -1;

export interface LockRows {
  /**
   * Rows, then as many lines of readers' holds, of waits by writers and of waits by readers: one memory, as its place
   * and length are then all that a loop has to remember. The same memory twice.
   */
  floats: Float64Array;
  words: Int32Array;
  /** The other numbers. */
  rest: Float64Array;
  size: number;
}

const ROWS = 16;
/** Lines of a row. */
const LINES = 4;

export function createRows(): LockRows {
  return { ...viewsOf(aligned(ROWS * ROW * LINES)), rest: new Float64Array(ROWS * REST), size: 0 };
}

/** Rows as a checkpoint has them: its views do not share their memory any more. */
export function restoreRows({ floats, ...rest }: LockRows): LockRows {
  const copy = aligned(floats.length);
  copy.set(floats);
  return { ...rest, ...viewsOf(copy) };
}

function viewsOf(floats: Float64Array) {
  return { floats, words: new Int32Array(floats.buffer, floats.byteOffset, floats.length * 2) };
}

/** Numbers of which each eight stand in one line of memory, where large memory begins 16 bytes behind a line, as malloc's does. */
function aligned(numbers: number): Float64Array {
  return new Float64Array(new ArrayBuffer((numbers + ROW) * 8), 48, numbers);
}

/** Makes a row in which nothing has happened. */
export function addRow(rows: LockRows): number {
  const made = rows.size;
  if (made * ROW === readsAt(rows)) grow(rows);
  rows.size = made + 1;
  rows.words[made * ROW_WORDS + WORD.code] = -1;
  for (const mode of [0, 1]) {
    rows.floats[heldAt(rows, made, mode) + HELD.least] = Infinity;
    rows.floats[waitsAt(rows, made, mode) + WAITED.least] = Infinity;
  }
  return made;
}

function grow(rows: LockRows): void {
  const { floats, rest } = rows;
  const region = readsAt(rows);
  const larger = aligned(floats.length * 2);
  for (let line = 0; line < LINES; line++) {
    larger.set(floats.subarray(line * region, (line + 1) * region), line * region * 2);
  }
  Object.assign(rows, viewsOf(larger));
  rows.rest = new Float64Array(rest.length * 2);
  rows.rest.set(rest);
}

/** Where in `floats` the lines of readers' holds begin. */
export function readsAt({ floats }: LockRows): number {
  return floats.length / LINES;
}

/** Where in `floats` the numbers of a row's holds of a mode begin: readers of both kinds count together. */
export function heldAt(rows: LockRows, row: number, mode: number): number {
  return mode === 0 ? row * ROW + WRITERS_AT : readsAt(rows) + row * ROW;
}

/** The same of waits. */
export function waitsAt(rows: LockRows, row: number, mode: number): number {
  return (mode === 0 ? 2 : 3) * readsAt(rows) + row * ROW;
}

/** Where a row's other numbers of a mode begin in `rest`. */
export function rareAt(row: number, mode: number): number {
  return row * REST + (mode === 0 ? 0 : RARES);
}

/** Where in `rest` the numbers of its name and its class among those of contended locks are, plus one; 0 where they have none. */
export function tagAt(row: number): number {
  return row * REST + TAG_AT;
}

export function classTagAt(row: number): number {
  return row * REST + CLASS_TAG_AT;
}
