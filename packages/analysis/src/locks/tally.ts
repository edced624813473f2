/** Counts by three whole numbers each, in the order in which those came first. Plain data. */
export interface Tally {
  /** WIDTH words an entry: its numbers, and how often it was counted. */
  words: Int32Array;
  /** What else is summed up of an entry. */
  sums: Float64Array;
  /** Open addressing, a power of two and at least twice the entries: an entry's number plus one, or 0. */
  slots: Int32Array;
  size: number;
  /** How often something was not counted, as there were as many entries as may be. */
  beyond: number;
}

const ENTRIES = 64;
/** An entry's numbers and its count stand together: finding and counting it brings one line of memory. */
const WIDTH = 4;
const COUNT = 3;

export function createTally(): Tally {
  return {
    words: new Int32Array(ENTRIES * WIDTH),
    sums: new Float64Array(ENTRIES),
    slots: new Int32Array(ENTRIES * 4),
    size: 0,
    beyond: 0,
  };
}

/** The entry of these numbers; -1 where there is none. */
export function entryOf({ words, slots }: Tally, a: number, b: number, c: number): number {
  const mask = slots.length - 1;
  let slot = slotOf(a, b, c) & mask;
  for (let entry = slots[slot]! - 1; entry >= 0; entry = slots[slot]! - 1) {
    const at = entry * WIDTH;
    if (words[at] === a && words[at + 1] === b && words[at + 2] === c) return entry;
    slot = (slot + 1) & mask;
  }
  return -1;
}

/** Counts an entry once more; up to 2^32 - 1. */
export function countEntry({ words }: Tally, entry: number): void {
  words[entry * WIDTH + COUNT]!++;
}

/** The numbers of an entry, and how often it was counted. */
export function readEntry({ words }: Tally, entry: number) {
  const [a = 0, b = 0, c = 0, count = 0] = words.subarray(entry * WIDTH, (entry + 1) * WIDTH);
  return { a, b, c, count: count >>> 0 };
}

/** A new entry of numbers that have none, not counted yet. */
export function addEntry(tally: Tally, a: number, b: number, c: number): number {
  if (tally.size === tally.sums.length) grow(tally);
  const entry = tally.size++;
  tally.words.set([a, b, c, 0], entry * WIDTH);
  insert(tally, entry);
  return entry;
}

function insert({ words, slots }: Tally, entry: number): void {
  const mask = slots.length - 1;
  const at = entry * WIDTH;
  let slot = slotOf(words[at]!, words[at + 1]!, words[at + 2]!) & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = entry + 1;
}

function grow(tally: Tally): void {
  const { words, sums, slots, size } = tally;
  tally.words = new Int32Array(words.length * 2);
  tally.words.set(words);
  tally.sums = new Float64Array(sums.length * 2);
  tally.sums.set(sums);
  tally.slots = new Int32Array(slots.length * 2);
  for (let entry = 0; entry < size; entry++) insert(tally, entry);
}

/** Odd constants of multiplicative hashing; the high bits of the product, which all of the key reaches, are brought down. */
function slotOf(a: number, b: number, c: number): number {
  const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
