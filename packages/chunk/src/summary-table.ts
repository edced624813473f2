import { WaywardError } from "@wayward/base";
import {
  BUCKETS,
  type Ints,
  LIMITS,
  readInts,
  type SectionReader,
  type SectionWriter,
  TOP_ENTRIES,
  Words64,
  writeInts,
} from "@wayward/block";
import { ColumnsRoom } from "./columns-room.ts";
import { TopSum } from "./summary-top.ts";

/** Second keys below this are packed into one number with the first. */
const KEY2_FOLD = 1 << 20;
const TWO_32 = 0x1_0000_0000;

/** Of the table that is being added. */
const room = new ColumnsRoom();

/**
 * Sums of one dimension's rows over many blocks. Adds columns to columns:
 * an object for each row of each block costs more than all else a chunk needs.
 */
export class TableSum {
  readonly #rows = new Map<number | string, number>();
  readonly #key1: number[] = [];
  readonly #key2: number[] = [];
  readonly #counts: number[] = [];
  /** Sums as halves that may hold more than 32 bits until they are written. */
  readonly #sumsLow: number[] = [];
  readonly #sumsHigh: number[] = [];
  readonly #mins: number[] = [];
  readonly #maxs: number[] = [];
  readonly #extras: number[] = [];
  /** Counts by bucket of the rows that measure something. */
  readonly #histograms: (Uint32Array | undefined)[] = [];
  readonly #top = new TopSum();
  #other = 0;

  /** Adds the table that comes next in a summary section. Throws a refusal if it is damaged. */
  add(reader: SectionReader): void {
    const count = limited(reader.varint(), LIMITS.summaryRows, "summary rows");
    this.#other += reader.varint();
    const tops = limited(reader.varint(), TOP_ENTRIES, "entries of the longest");
    room.clear();
    const column = (length: number) => readInts(reader, length, room.take(length));
    const [key1, key2, counts, sums] = [column(count), column(count), column(count), column(count)];
    const [mins, maxs, extras, used] = [column(count), column(count), column(count), column(count)];
    const inAll = used.lo.reduce((sum, value) => sum + value, 0);
    if (inAll > count * BUCKETS) throw damaged(`${inAll} buckets in ${count} rows`);
    const [buckets, bucketCounts] = [column(inAll), column(inAll)];
    for (let row = 0, at = 0; row < count; row++) {
      const into = this.#row(valueAt(key1, row), valueAt(key2, row));
      const measured = used.lo[row]!;
      if (measured > 0) {
        const least = valueAt(mins, row);
        if (this.#histograms[into] === undefined || least < this.#mins[into]!) this.#mins[into] = least;
        this.#count(into, buckets, bucketCounts, at, at + measured);
        at += measured;
      }
      const most = valueAt(maxs, row);
      if (most > this.#maxs[into]!) this.#maxs[into] = most;
      this.#counts[into]! += valueAt(counts, row);
      this.#sumsLow[into]! += sums.lo[row]!;
      this.#sumsHigh[into]! += sums.hi[row]!;
      this.#extras[into]! += valueAt(extras, row);
    }
    this.#top.add(column(tops), column(tops), column(tops), column(tops), tops);
  }

  /** Writes the table. Rows beyond the limit go to `other`, the least counted first. */
  write(writer: SectionWriter): void {
    const rows = this.#chosen();
    writer.varint(rows.length);
    writer.varint(this.#other);
    writer.varint(this.#top.length);
    const column = new Words64();
    const write = (values: Iterable<number>) => {
      column.length = 0;
      for (const value of values) column.pushNumber(value);
      writeInts(writer, column);
    };
    write(rows.map((row) => this.#key1[row]!));
    write(rows.map((row) => this.#key2[row]!));
    write(rows.map((row) => this.#counts[row]!));
    column.length = 0;
    for (const row of rows) {
      const carry = Math.floor(this.#sumsLow[row]! / TWO_32);
      column.push(this.#sumsLow[row]! >>> 0, (this.#sumsHigh[row]! + carry) >>> 0);
    }
    writeInts(writer, column);
    write(rows.map((row) => this.#mins[row]!));
    write(rows.map((row) => this.#maxs[row]!));
    write(rows.map((row) => this.#extras[row]!));
    this.#writeHistograms(rows, write);
    this.#top.write(writer, column);
  }

  #row(key1: number, key2: number): number {
    const key = key2 < KEY2_FOLD && key1 < TWO_32 ? key1 * KEY2_FOLD + key2 : `${key1}/${key2}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = this.#key1.length;
    this.#rows.set(key, row);
    this.#key1.push(key1);
    this.#key2.push(key2);
    for (const values of [this.#counts, this.#sumsLow, this.#sumsHigh, this.#mins, this.#maxs, this.#extras]) {
      values.push(0);
    }
    this.#histograms.push(undefined);
    return row;
  }

  #count(row: number, buckets: Ints, counts: Ints, from: number, until: number): void {
    const histogram = this.#histograms[row] ?? new Uint32Array(BUCKETS);
    this.#histograms[row] = histogram;
    for (let at = from; at < until; at++) {
      const bucket = buckets.lo[at]!;
      if (bucket >= BUCKETS) throw damaged(`bucket ${bucket} of ${BUCKETS}`);
      histogram[bucket]! += counts.lo[at]!;
    }
  }

  #chosen(): number[] {
    const rows = Array.from(this.#key1, (_, row) => row);
    if (rows.length <= LIMITS.summaryRows) return rows;
    rows.sort((a, b) => this.#counts[b]! - this.#counts[a]!);
    for (const row of rows.splice(LIMITS.summaryRows)) this.#other += this.#counts[row]!;
    return rows;
  }

  #writeHistograms(rows: readonly number[], write: (values: Iterable<number>) => void): void {
    const used: number[] = [];
    const buckets: number[] = [];
    const counts: number[] = [];
    for (const row of rows) {
      const before = buckets.length;
      this.#histograms[row]?.forEach((count, bucket) => {
        if (count === 0) return;
        buckets.push(bucket);
        counts.push(count);
      });
      used.push(buckets.length - before);
    }
    for (const values of [used, buckets, counts]) write(values);
  }
}

/** A number below 2^53, or the nearest that has one. */
function valueAt({ lo, hi }: Ints, index: number): number {
  return hi[index] === 0 ? lo[index]! : lo[index]! + hi[index]! * TWO_32;
}

function limited(value: number, most: number, what: string): number {
  if (value <= most) return value;
  throw new WaywardError("INVALID_ARGUMENT", "TOO_LARGE", `summary: ${value} ${what}, at most ${most}`);
}

function damaged(message: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_VALUE", `summary: ${message}`);
}
