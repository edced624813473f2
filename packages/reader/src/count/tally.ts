import type { query } from "@wayward/api";
import { BUCKETS, bucketOf, bucketTop, type SummaryRow } from "@wayward/block";

/** Sums of one group. */
class Group {
  readonly keys: readonly string[];
  count = 0n;
  sum = 0n;
  min = 0n;
  max = 0n;
  contended = 0n;
  /** Records of each bucket; made when something is measured. */
  buckets: Float64Array | undefined;

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  get measured(): boolean {
    return this.buckets !== undefined;
  }
}

/** Adds up groups by their keys. */
export class Tally {
  readonly #groups = new Map<string, Group>();
  /** What summaries left out of their rows. */
  other = 0n;

  addRow(keys: readonly string[], row: SummaryRow): void {
    const group = this.#group(keys);
    group.count += BigInt(row.count);
    if (row.histogram.length === 0) return;
    const [min, max] = [BigInt(row.min), BigInt(row.max)];
    if (!group.measured || min < group.min) group.min = min;
    if (max > group.max) group.max = max;
    group.sum += row.sum;
    group.buckets ??= new Float64Array(BUCKETS);
    const { histogram } = row;
    for (let at = 0; at < histogram.length; at += 2) group.buckets[histogram[at]!]! += histogram[at + 1]!;
  }

  /** Records of which nothing is measured. */
  addMany(keys: readonly string[], count: number): void {
    this.#group(keys).count += BigInt(count);
  }

  /** One record, with a quantity where it is measured. */
  add(keys: readonly string[], value?: number | bigint): void {
    const group = this.#group(keys);
    group.count++;
    if (value === undefined) return;
    const whole = typeof value === "bigint" ? value : BigInt(Math.round(value));
    if (!group.measured || whole < group.min) group.min = whole;
    if (!group.measured || whole > group.max) group.max = whole;
    group.sum += whole;
    group.buckets ??= new Float64Array(BUCKETS);
    group.buckets[bucketOf(Math.min(Math.max(0, Number(whole)), BUCKET_MOST))]!++;
  }

  addContended(keys: readonly string[], count: number): void {
    this.#group(keys).contended += BigInt(count);
  }

  /** The `top` first groups by `sortBy`, and the others together. */
  finish(sortBy: string, top: number): { readonly groups: query.Group[]; readonly other: query.Group } {
    const groups = [...this.#groups.values()].map(toMessage);
    const rank = rankBy(sortBy);
    groups.sort((a, b) => compare(rank(b), rank(a)) || compareKeys(a.keys, b.keys));
    const rest = groups.slice(top);
    const other = {
      ...toMessage(new Group([])),
      count: this.other + rest.reduce((sum, { count }) => sum + count, 0n),
      ...restSum(rest),
    };
    return { groups: groups.slice(0, top), other };
  }

  #group(keys: readonly string[]): Group {
    const key = keys.length === 1 ? keys[0]! : keys.join("\u0000");
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const made = new Group(keys);
    this.#groups.set(key, made);
    return made;
  }
}

/** The largest number below 2^64 that a double holds. */
const BUCKET_MOST = 2 ** 64 - 2048;

/** The nearest number that a message holds. */
function fitting(value: bigint): bigint {
  if (value > INT64_MOST) return INT64_MOST;
  return value < -INT64_MOST - 1n ? -INT64_MOST - 1n : value;
}

const INT64_MOST = 2n ** 63n - 1n;

/** The groups together. Of those that were out of range already nobody knows the sum. */
function restSum(groups: readonly query.Group[]): Pick<query.Group, "sum" | "outOfRange"> {
  const sum = groups.reduce((all, group) => all + group.sum, 0n);
  return { sum: fitting(sum), outOfRange: fitting(sum) !== sum || groups.some(({ outOfRange }) => outOfRange) };
}

function rankBy(sortBy: string): (group: query.Group) => bigint {
  if (sortBy === "sum") return ({ sum }) => sum;
  if (sortBy === "max") return ({ max }) => max;
  if (sortBy === "p99") return ({ p99 }) => p99;
  return ({ count }) => count;
}

function toMessage(group: Group): query.Group {
  const { keys, count, sum, min, max, contended } = group;
  const buckets = group.buckets ?? new Float64Array(0);
  const total = buckets.reduce((all, times) => all + times, 0);
  const quantile = (q: number) => {
    let left = Math.ceil(total * q);
    for (const [bucket, times] of buckets.entries()) {
      if (times === 0) continue;
      left -= times;
      // No bucket's top is beyond what was seen.
      if (left <= 0) return bucketTop(bucket) < max ? bucketTop(bucket) : max;
    }
    return 0n;
  };
  return {
    keys: [...keys],
    count,
    sum: fitting(sum),
    min: fitting(min),
    max: fitting(max),
    p50: fitting(quantile(0.5)),
    p90: fitting(quantile(0.9)),
    p99: fitting(quantile(0.99)),
    contended,
    outOfRange: [sum, min, max].some((value) => fitting(value) !== value),
  };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [a.join("\u0000"), b.join("\u0000")];
  return left < right ? -1 : left > right ? 1 : 0;
}
