/** Counts by three whole numbers each, in the order in which those came first. Plain data. */
export interface Tally {
  /** Three an entry. */
  keys: Int32Array;
  counts: Float64Array;
  /** What else is summed up of an entry. */
  sums: Float64Array;
  /** Open addressing, a power of two and at least twice the entries: an entry's number plus one, or 0. */
  slots: Int32Array;
  size: number;
}

const ENTRIES = 64;

export function createTally(): Tally {
  return {
    keys: new Int32Array(ENTRIES * 3),
    counts: new Float64Array(ENTRIES),
    sums: new Float64Array(ENTRIES),
    slots: new Int32Array(ENTRIES * 4),
    size: 0,
  };
}

/** The entry of these numbers; -1 where there is none. */
export function entryOf({ keys, slots }: Tally, a: number, b: number, c: number): number {
  const mask = slots.length - 1;
  let slot = slotOf(a, b, c) & mask;
  for (let entry = slots[slot]! - 1; entry >= 0; entry = slots[slot]! - 1) {
    if (keys[entry * 3] === a && keys[entry * 3 + 1] === b && keys[entry * 3 + 2] === c) return entry;
    slot = (slot + 1) & mask;
  }
  return -1;
}

/** A new entry of numbers that have none. */
export function addEntry(tally: Tally, a: number, b: number, c: number): number {
  if (tally.size === tally.counts.length) grow(tally);
  const entry = tally.size++;
  tally.keys.set([a, b, c], entry * 3);
  insert(tally, entry);
  return entry;
}

function insert({ keys, slots }: Tally, entry: number): void {
  const mask = slots.length - 1;
  let slot = slotOf(keys[entry * 3]!, keys[entry * 3 + 1]!, keys[entry * 3 + 2]!) & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = entry + 1;
}

function grow(tally: Tally): void {
  const { keys, counts, sums, slots, size } = tally;
  tally.keys = new Int32Array(keys.length * 2);
  tally.keys.set(keys);
  tally.counts = new Float64Array(counts.length * 2);
  tally.counts.set(counts);
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
