import type { LaneRun } from "@wayward/block";

/** Digits have at most so many bits: a pass then writes at 2,048 places at a time. */
const DIGIT_BITS = 11;
const DIGITS_MAX = 3;
/** Blocks hold at most so many records. */
const RECORDS_MAX = 65_536;
const TWO_32 = 0x1_0000_0000;

const keys = new Uint32Array(RECORDS_MAX);
const spare = new Uint32Array(RECORDS_MAX);
const spareKeys = new Uint32Array(RECORDS_MAX);
/** By digit: first how many keys have it, then where the next of them goes. */
const counts = Array.from({ length: DIGITS_MAX }, () => new Uint32Array(1 << DIGIT_BITS));

/** Records whose times rise. */
type Rising = Pick<LaneRun, "from" | "count">;

/**
 * Sorts the first `count` of `indexes`, which rise, by their times, which rise
 * in each of `runs`; equal times keep their order, which is that of lane and
 * event number. In place. Radix sort while a block spans less than 2^32 ns, in
 * two passes below 4 ms.
 */
export function sortByTime(indexes: Uint32Array, count: number, times: Float64Array, runs: readonly Rising[]): void {
  const { least, most, isSorted } = spanOf(runs, times);
  if (isSorted) return;
  if (most - least >= TWO_32) {
    indexes.subarray(0, count).sort((a, b) => times[a]! - times[b]! || a - b);
    return;
  }
  const bits = 32 - Math.clz32(most - least);
  const digits = Math.ceil(bits / DIGIT_BITS);
  const width = Math.ceil(bits / digits);
  makeKeys(indexes, count, times, least, digits, width);
  for (let digit = 0; digit < digits; digit++) {
    const [from, fromKeys, to, toKeys] =
      digit % 2 === 0 ? [indexes, keys, spare, spareKeys] : [spare, spareKeys, indexes, keys];
    const [shift, next, mask] = [digit * width, counts[digit]!, (1 << width) - 1];
    startsOf(next, mask);
    if (digit < digits - 1) deal(from, fromKeys, to, toKeys, count, shift, next, mask);
    else dealLast(from, fromKeys, to, count, shift, next, mask);
  }
  if (digits % 2 === 1) indexes.set(spare.subarray(0, count));
}

function spanOf(runs: readonly Rising[], times: Float64Array) {
  let least = Infinity;
  let most = -Infinity;
  let isSorted = true;
  for (const { from, count } of runs) {
    if (count === 0) continue;
    const [first, last] = [times[from]!, times[from + count - 1]!];
    if (first < most) isSorted = false;
    if (first < least) least = first;
    if (last > most) most = last;
  }
  return { least, most, isSorted };
}

const [low, middle, high] = counts as [Uint32Array, Uint32Array, Uint32Array];

/** Keys keep their digits whatever their order, so all are counted before any is moved. */
function makeKeys(
  indexes: Uint32Array,
  count: number,
  times: Float64Array,
  least: number,
  digits: number,
  width: number,
): void {
  for (const sums of counts) sums.fill(0, 0, 1 << width);
  const mask = (1 << width) - 1;
  for (let at = 0; at < count; at++) {
    const key = (times[indexes[at]!]! - least) | 0;
    keys[at] = key;
    low[key & mask]! += 1;
    middle[(key >>> width) & mask]! += 1;
    if (digits > 2) high[(key >>> (width * 2)) & mask]! += 1;
  }
}

/** Turns how many keys have a digit into where the first of them goes. */
function startsOf(sums: Uint32Array, mask: number): void {
  let sum = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const here = sums[digit]!;
    sums[digit] = sum;
    sum += here;
  }
}

/** Puts numbers where the next of their digit goes. */
function deal(
  from: Uint32Array,
  fromKeys: Uint32Array,
  to: Uint32Array,
  toKeys: Uint32Array,
  count: number,
  shift: number,
  next: Uint32Array,
  mask: number,
): void {
  for (let at = 0; at < count; at++) {
    const key = fromKeys[at]!;
    const digit = (key >>> shift) & mask;
    const place = next[digit]!;
    next[digit] = place + 1;
    to[place] = from[at]!;
    toKeys[place] = key;
  }
}

/** The same where nobody asks for keys any more. */
function dealLast(
  from: Uint32Array,
  fromKeys: Uint32Array,
  to: Uint32Array,
  count: number,
  shift: number,
  next: Uint32Array,
  mask: number,
): void {
  for (let at = 0; at < count; at++) {
    const digit = (fromKeys[at]! >>> shift) & mask;
    const place = next[digit]!;
    next[digit] = place + 1;
    to[place] = from[at]!;
  }
}
