import type { SummaryColumns } from "./columns.ts";

/** Buckets of an octave: room is made for whole ones. */
const STEP = 8;

/**
 * Counts by bucket. It has room for the buckets between the least and the
 * greatest that were used: what takes nanoseconds never takes seconds, so this
 * is a sixth of all buckets, and thousands of histograms stay in the caches.
 */
export class Histogram {
  /** Bucket of the first count. */
  #first = 0;
  /** A plain array: a typed one of this size takes longer to make than to fill. */
  #counts: number[] = [];

  /** Counts `records` more in a bucket below BUCKETS. */
  add(bucket: number, records: number): void {
    this.#cover(bucket, bucket);
    this.#counts[bucket - this.#first]! += records;
  }

  /** Adds the buckets of a table's row. */
  addRow({ begins, buckets: { numbers, counts } }: SummaryColumns, row: number): void {
    const begin = begins[row]!;
    const end = begins[row + 1]!;
    if (begin === end) return;
    this.#cover(numbers[begin]!, numbers[end - 1]!);
    const into = this.#counts;
    const first = this.#first;
    for (let at = begin; at < end; at++) into[numbers[at]! - first]! += counts[at]!;
  }

  /** Buckets that are not empty, rising. */
  forEach(visit: (bucket: number, records: number) => void): void {
    for (let at = 0; at < this.#counts.length; at++) {
      const records = this.#counts[at]!;
      if (records > 0) visit(this.#first + at, records);
    }
  }

  /** The bucket in which the record of each of these shares is, shares rising; empty without records. */
  quantiles(shares: readonly number[]): number[] {
    const counts = this.#counts;
    let total = 0;
    for (let at = 0; at < counts.length; at++) total += counts[at]!;
    const found: number[] = [];
    if (total === 0) return found;
    for (let at = 0, passed = counts[0]!; found.length < shares.length; ) {
      if (passed >= Math.ceil(total * shares[found.length]!)) found.push(this.#first + at);
      else passed += counts[++at]!;
    }
    return found;
  }

  #cover(least: number, most: number): void {
    const end = this.#first + this.#counts.length;
    if (least >= this.#first && most < end) return;
    const empty = this.#counts.length === 0;
    const first = empty || least < this.#first ? least - (least % STEP) : this.#first;
    const length = Math.max(empty ? 0 : end, most - (most % STEP) + STEP) - first;
    const counts: number[] = new Array(length).fill(0);
    for (let at = 0; at < this.#counts.length; at++) counts[at + this.#first - first] = this.#counts[at]!;
    this.#first = first;
    this.#counts = counts;
  }
}
