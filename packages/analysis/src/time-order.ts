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

/**
 * Sorts the first `count` of `indexes` by their times; equal times keep their
 * order, which is that of lane and event number. In place. Radix sort while a
 * block spans less than 2^32 ns, in two passes below 4 ms.
 */
export function sortByTime(indexes: Uint32Array, count: number, times: Float64Array): void {
  const { least, most, isSorted } = spanOf(indexes, count, times);
  if (isSorted) return;
  if (most - least >= TWO_32) {
    indexes.subarray(0, count).sort((a, b) => times[a]! - times[b]! || a - b);
    return;
  }
  const bits = 32 - Math.clz32(most - least);
  const digits = Math.ceil(bits / DIGIT_BITS);
  const width = Math.ceil(bits / digits);
  for (let digit = 0; digit < digits; digit++) counts[digit]!.fill(0, 0, 1 << width);
  makeKeys(indexes, count, times, least);
  for (let digit = 0; digit < digits; digit++) countDigits(count, digit * width, counts[digit]!, (1 << width) - 1);
  for (let digit = 0; digit < digits; digit++) {
    const [from, fromKeys, to, toKeys] =
      digit % 2 === 0 ? [indexes, keys, spare, spareKeys] : [spare, spareKeys, indexes, keys];
    deal(from, fromKeys, to, toKeys, count, digit * width, counts[digit]!, (1 << width) - 1);
  }
  if (digits % 2 === 1) indexes.set(spare.subarray(0, count));
}

function spanOf(indexes: Uint32Array, count: number, times: Float64Array) {
  let least = Infinity;
  let most = -Infinity;
  let previous = -Infinity;
  let isSorted = true;
  for (let at = 0; at < count; at++) {
    const time = times[indexes[at]!]!;
    if (time < previous) isSorted = false;
    previous = time;
    if (time < least) least = time;
    if (time > most) most = time;
  }
  return { least, most, isSorted };
}

function makeKeys(indexes: Uint32Array, count: number, times: Float64Array, least: number): void {
  for (let at = 0; at < count; at++) keys[at] = times[indexes[at]!]! - least;
}

/** Keys keep their digits whatever their order, so all are counted before any is moved. */
function countDigits(count: number, shift: number, sums: Uint32Array, mask: number): void {
  for (let at = 0; at < count; at++) sums[(keys[at]! >>> shift) & mask]!++;
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
