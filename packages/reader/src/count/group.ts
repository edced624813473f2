import type { query } from "@wayward/api";
import {
  BUCKETS,
  bucketOf,
  bucketTop,
  Histogram,
  numberAt,
  type SummaryColumns,
  type SummaryRow,
} from "@wayward/block";

const TWO_32 = 0x1_0000_0000;
/** Lower halves are added up until they hold this much: below 2^53 a double is exact. */
const CARRY_AT = 2 ** 52;

/** Sums of one group, which is of rows or of records, never of both. Durations are in nanoseconds, other quantities in the unit of their field. */
export class Group {
  readonly keys: readonly string[];
  count = 0;
  contended = 0;
  /** Undefined until something is measured. */
  histogram: Histogram | undefined;
  /** What rows of summaries say, whose numbers are below 2^53: least, greatest, and the sum in halves. */
  #least = Number.POSITIVE_INFINITY;
  #most = 0;
  #low = 0;
  #high = 0;
  /** What records say, whose fields hold any number. */
  #records: { min: bigint; max: bigint; sum: bigint } | undefined;

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  /** A row of a summary, with what it measures. */
  addRow(table: SummaryColumns, row: number): void {
    this.count += numberAt(table.counts, row);
    if (table.begins[row] === table.begins[row + 1]) return;
    const { lo, hi } = table.sums;
    this.#extend(numberAt(table.mins, row), numberAt(table.maxs, row), lo[row]!, hi[row]!);
    this.histogram ??= new Histogram();
    this.histogram.addRow(table, row);
  }

  /** The same of a row that was just made from records. */
  addMade({ count, sum, min, max, histogram }: SummaryRow): void {
    this.count += count;
    if (histogram.length === 0) return;
    this.#extend(min, max, Number(sum % BigInt(TWO_32)), Number(sum / BigInt(TWO_32)));
    this.histogram ??= new Histogram();
    for (let at = 0; at < histogram.length; at += 2) this.histogram.add(histogram[at]!, histogram[at + 1]!);
  }

  /** One record, with a quantity where it is measured. */
  addRecord(value?: number | bigint): void {
    this.count++;
    if (value === undefined) return;
    const whole = typeof value === "bigint" ? value : BigInt(Math.round(value));
    this.#records ??= { min: whole, max: whole, sum: 0n };
    if (whole < this.#records.min) this.#records.min = whole;
    if (whole > this.#records.max) this.#records.max = whole;
    this.#records.sum += whole;
    this.histogram ??= new Histogram();
    this.histogram.add(bucketOf(Math.min(Math.max(0, Number(whole)), BUCKET_MOST)), 1);
  }

  get sum(): bigint {
    const ofRows = this.#high === 0 ? BigInt(this.#low) : BigInt(this.#high) * BigInt(TWO_32) + BigInt(this.#low);
    return this.#records === undefined ? ofRows : ofRows + this.#records.sum;
  }

  /** 0 where nothing was measured. */
  get min(): bigint {
    if (this.#records !== undefined) return this.#records.min;
    return this.histogram === undefined ? 0n : BigInt(this.#least);
  }

  get max(): bigint {
    return this.#records === undefined ? BigInt(this.#most) : this.#records.max;
  }

  #extend(least: number, most: number, low: number, high: number): void {
    if (least < this.#least) this.#least = least;
    if (most > this.#most) this.#most = most;
    this.#low += low;
    this.#high += high;
    if (this.#low < CARRY_AT) return;
    this.#high += Math.floor(this.#low / TWO_32);
    this.#low %= TWO_32;
  }
}

/** The largest number below 2^64 that a double holds. */
const BUCKET_MOST = 2 ** 64 - 2048;
const INT64_MOST = 2n ** 63n - 1n;
const TOPS = Array.from({ length: BUCKETS }, (_, bucket) => bucketTop(bucket));

/** The nearest number that a message holds. */
export function fitting(value: bigint): bigint {
  if (value > INT64_MOST) return INT64_MOST;
  return value < -INT64_MOST - 1n ? -INT64_MOST - 1n : value;
}

/** True where a message cannot hold what the group adds up to. */
export function isOutOfRange({ sum, min, max }: Group): boolean {
  return fitting(sum) !== sum || fitting(min) !== min || fitting(max) !== max;
}

export function toMessage(group: Group): query.Group {
  const { keys, count, sum, min, max, contended } = group;
  const [p50 = 0n, p90 = 0n, p99 = 0n] = quantiles(group, [0.5, 0.9, 0.99]);
  return {
    keys: [...keys],
    count: BigInt(count),
    sum: fitting(sum),
    min: fitting(min),
    max: fitting(max),
    p50,
    p90,
    p99,
    contended: BigInt(contended),
    outOfRange: isOutOfRange(group),
  };
}

/** The top of the bucket of each of these shares; no bucket's top is beyond what was seen. Empty where nothing is measured. */
export function quantiles({ histogram, max }: Group, shares: readonly number[]): bigint[] {
  const buckets = histogram?.quantiles(shares) ?? [];
  return buckets.map((bucket) => fitting(TOPS[bucket]! < max ? TOPS[bucket]! : max));
}
