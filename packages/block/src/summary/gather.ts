import { BUCKETS, bucketOf } from "../bucket.ts";
import { LIMITS } from "../limits.ts";
import { Longest } from "./longest.ts";

/** Keys below this find their row by array, the others by map. */
const DIRECT_KEYS = 1 << 16;

/** Numbers of a row. */
const STATS = 5;
/** Their places. */
export const STAT = { count: 0, sum: 1, min: 2, max: 3, extra: 4 } as const;

/* The same as constants of this module: V8 loads what is imported or exported at each use, and knows what is not. */
const SUM = STAT.sum;
const MIN = STAT.min;
const MAX = STAT.max;
const WIDTH = BUCKETS;

/** What one row adds up to; 0 where nothing was measured. */
export interface GatherStats {
  readonly count: number;
  readonly sum: bigint;
  readonly min: number;
  readonly max: number;
  readonly extra: number;
}

/** Gathers one dimension's rows for one block; kept between blocks. */
export class Gather {
  #direct = new Int32Array(64).fill(-1);
  readonly #far = new Map<number, number>();
  readonly #created: (key: number) => void;
  keys: number[] = [];
  /** Five numbers a row: count, sum, least, greatest, extra. */
  #stats = new Float64Array(0);
  #histograms = new Uint32Array(0);
  other = 0;
  readonly longest = new Longest();

  /** `created` hears of every new key, so that what it refers to gets defined. */
  constructor(created: (key: number) => void) {
    this.#created = created;
  }

  get rows(): number {
    return this.keys.length;
  }

  clear(): void {
    if (this.rows === 0 && this.other === 0) return;
    for (const key of this.keys) if (key < DIRECT_KEYS) this.#direct[key] = -1;
    this.#far.clear();
    this.#stats.fill(0, 0, this.rows * STATS);
    this.#histograms.fill(0, 0, this.rows * BUCKETS);
    this.keys = [];
    this.other = 0;
    this.longest.clear();
  }

  /** Row of the key, or -1 where the table is full. */
  row(key: number): number {
    const known = key < this.#direct.length ? this.#direct[key]! : (this.#far.get(key) ?? -1);
    return known >= 0 ? known : this.#add(key);
  }

  count(key: number, records: number): void {
    const row = this.row(key);
    if (row < 0) this.other += records;
    else this.#stats[row * STATS]! += records;
  }

  /** Counts one more of the row's extra. */
  extra(key: number): void {
    const row = this.row(key);
    if (row >= 0) this.#stats[row * STATS + STAT.extra]!++;
  }

  /** Counts a quantity of at least 0. `index` is the record's position, for the longest. */
  measure(key: number, value: number, index: number): void {
    const row = this.row(key);
    if (row < 0) {
      this.other++;
      return;
    }
    const stats = this.#stats;
    const at = row * STATS;
    const count = stats[at]!;
    stats[at] = count + 1;
    stats[at + SUM]! += value;
    if (count === 0 || value < stats[at + MIN]!) stats[at + MIN] = value;
    if (value > stats[at + MAX]!) stats[at + MAX] = value;
    this.#histograms[row * WIDTH + bucketOf(value)]!++;
    if (value > this.longest.least) this.longest.add(key, value, index);
  }

  /** Measures the first `count`, as `measure` does one: keys, quantities and positions. */
  measureAll(keys: Uint32Array, values: Float64Array, indexes: Uint32Array, count: number): void {
    let [stats, histograms, direct] = [this.#stats, this.#histograms, this.#direct];
    const { longest } = this;
    let { least } = longest;
    for (let place = 0; place < count; place++) {
      const key = keys[place]!;
      const value = values[place]!;
      const row = key < direct.length ? direct[key]! : -1;
      if (row < 0) {
        this.measure(key, value, indexes[place]!);
        // A new key may have moved the arrays.
        [stats, histograms, direct] = [this.#stats, this.#histograms, this.#direct];
        least = longest.least;
        continue;
      }
      const at = row * STATS;
      const measured = stats[at]!;
      stats[at] = measured + 1;
      stats[at + SUM]! += value;
      if (measured === 0 || value < stats[at + MIN]!) stats[at + MIN] = value;
      if (value > stats[at + MAX]!) stats[at + MAX] = value;
      histograms[row * WIDTH + bucketOf(value)]!++;
      if (value > least) {
        longest.add(key, value, indexes[place]!);
        least = longest.least;
      }
    }
  }

  /** What a row adds up to. */
  stats(row: number): GatherStats {
    const [count = 0, sum = 0, min = 0, max = 0, extra = 0] = this.#stats.subarray(row * STATS, row * STATS + STATS);
    return { count, sum: BigInt(sum), min, max, extra };
  }

  /** One of a row's numbers. */
  stat(row: number, part: (typeof STAT)[keyof typeof STAT]): number {
    return this.#stats[row * STATS + part]!;
  }

  /** Hears of each bucket that a row uses, rising. */
  buckets(row: number, hear: (bucket: number, count: number) => void): void {
    const last = bucketOf(this.stat(row, STAT.max));
    for (let bucket = bucketOf(this.stat(row, STAT.min)); bucket <= last; bucket++) {
      const count = this.#histograms[row * BUCKETS + bucket]!;
      if (count > 0) hear(bucket, count);
    }
  }

  /** A row's histogram as bucket number and count in turn. */
  sparse(row: number): Uint32Array {
    const pairs: number[] = [];
    this.buckets(row, (bucket, count) => pairs.push(bucket, count));
    return Uint32Array.from(pairs);
  }

  #add(key: number): number {
    const row = this.rows;
    if (row === LIMITS.summaryRows) return -1;
    if (row * STATS === this.#stats.length) this.#grow();
    this.keys.push(key);
    if (key < DIRECT_KEYS) this.#setDirect(key, row);
    else this.#far.set(key, row);
    this.#created(key);
    return row;
  }

  #setDirect(key: number, row: number): void {
    if (key >= this.#direct.length) {
      const larger = new Int32Array(Math.min(DIRECT_KEYS, 2 ** Math.ceil(Math.log2(key + 1)))).fill(-1);
      larger.set(this.#direct);
      this.#direct = larger;
    }
    this.#direct[key] = row;
  }

  #grow(): void {
    const rows = Math.max(1, (this.#stats.length / STATS) * 2);
    const stats = new Float64Array(rows * STATS);
    stats.set(this.#stats);
    this.#stats = stats;
    const histograms = new Uint32Array(rows * BUCKETS);
    histograms.set(this.#histograms);
    this.#histograms = histograms;
  }
}
