import { BUCKETS, bucketOf } from "../bucket.ts";
import { LIMITS } from "../limits.ts";
import { TOP_ENTRIES } from "./tables.ts";

/** Keys below this find their row by array, the others by map. */
const DIRECT_KEYS = 1 << 16;

/** Gathers one dimension's rows for one block; kept between blocks. */
export class Gather {
  #direct = new Int32Array(64).fill(-1);
  readonly #far = new Map<number, number>();
  readonly #created: (key: number) => void;
  keys: number[] = [];
  counts = new Float64Array(0);
  sums = new Float64Array(0);
  mins = new Float64Array(0);
  maxs = new Float64Array(0);
  extras = new Float64Array(0);
  histograms = new Uint32Array(0);
  other = 0;
  topKeys: number[] = [];
  topDurations: number[] = [];
  topIndexes: number[] = [];

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
    this.counts.fill(0, 0, this.rows);
    this.sums.fill(0, 0, this.rows);
    this.mins.fill(0, 0, this.rows);
    this.maxs.fill(0, 0, this.rows);
    this.extras.fill(0, 0, this.rows);
    this.histograms.fill(0, 0, this.rows * BUCKETS);
    this.keys = [];
    this.other = 0;
    this.topKeys = [];
    this.topDurations = [];
    this.topIndexes = [];
  }

  /** Row of the key, or -1 where the table is full. */
  row(key: number): number {
    const known = key < this.#direct.length ? this.#direct[key]! : (this.#far.get(key) ?? -1);
    return known >= 0 ? known : this.#add(key);
  }

  count(key: number, records: number): void {
    const row = this.row(key);
    if (row < 0) this.other += records;
    else this.counts[row]! += records;
  }

  /** Counts a quantity of at least 0. `index` is the record's position, for the longest. */
  measure(key: number, value: number, index: number): void {
    const row = this.row(key);
    if (row < 0) {
      this.other++;
      return;
    }
    const count = this.counts[row]!;
    this.counts[row] = count + 1;
    this.sums[row]! += value;
    if (value > this.maxs[row]!) this.maxs[row] = value;
    if (count === 0 || value < this.mins[row]!) this.mins[row] = value;
    this.histograms[row * BUCKETS + bucketOf(value)]!++;
    if (this.topDurations.length < TOP_ENTRIES || value > this.topDurations[TOP_ENTRIES - 1]!)
      this.#top(key, value, index);
  }

  /** A row's histogram as bucket number and count in turn. */
  sparse(row: number): Uint32Array {
    const pairs: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.histograms[row * BUCKETS + bucket]!;
      if (count > 0) pairs.push(bucket, count);
    }
    return Uint32Array.from(pairs);
  }

  #top(key: number, value: number, index: number): void {
    let at = this.topDurations.length;
    while (at > 0 && this.topDurations[at - 1]! < value) at--;
    this.topDurations.splice(at, 0, value);
    this.topKeys.splice(at, 0, key);
    this.topIndexes.splice(at, 0, index);
    if (this.topDurations.length > TOP_ENTRIES) {
      this.topDurations.pop();
      this.topKeys.pop();
      this.topIndexes.pop();
    }
  }

  #add(key: number): number {
    const row = this.rows;
    if (row === LIMITS.summaryRows) return -1;
    if (row === this.counts.length) this.#grow();
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
    const larger = <T extends Float64Array | Uint32Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    const rows = Math.max(1, this.counts.length * 2);
    this.counts = larger(this.counts, new Float64Array(rows));
    this.sums = larger(this.sums, new Float64Array(rows));
    this.mins = larger(this.mins, new Float64Array(rows));
    this.maxs = larger(this.maxs, new Float64Array(rows));
    this.extras = larger(this.extras, new Float64Array(rows));
    this.histograms = larger(this.histograms, new Uint32Array(rows * BUCKETS));
  }
}
