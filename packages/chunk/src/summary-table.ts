import {
  Histogram,
  LIMITS,
  numberAt,
  type SectionWriter,
  type SummaryColumns,
  Words64,
  writeInts,
} from "@wayward/block";
import { TopSum } from "./summary-top.ts";

/** Second keys below this are packed into one number with the first. */
const KEY2_FOLD = 1 << 20;
const TWO_32 = 0x1_0000_0000;

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
  readonly #histograms: (Histogram | undefined)[] = [];
  readonly #top = new TopSum();
  #other = 0;

  /** Throws a refusal if the table's buckets or its longest are damaged. */
  add(table: SummaryColumns): void {
    this.#other += table.other;
    for (let row = 0; row < table.rows; row++) {
      const into = this.#row(numberAt(table.key1, row), numberAt(table.key2, row));
      if (table.begins[row]! < table.begins[row + 1]!) {
        const least = numberAt(table.mins, row);
        if (this.#histograms[into] === undefined || least < this.#mins[into]!) this.#mins[into] = least;
        this.#histograms[into] ??= new Histogram();
        this.#histograms[into].addRow(table, row);
      }
      const most = numberAt(table.maxs, row);
      if (most > this.#maxs[into]!) this.#maxs[into] = most;
      this.#counts[into]! += numberAt(table.counts, row);
      this.#sumsLow[into]! += table.sums.lo[row]!;
      this.#sumsHigh[into]! += table.sums.hi[row]!;
      this.#extras[into]! += numberAt(table.extras, row);
    }
    this.#top.add(table.top);
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
      this.#histograms[row]?.forEach((bucket, count) => {
        buckets.push(bucket);
        counts.push(count);
      });
      used.push(buckets.length - before);
    }
    for (const values of [used, buckets, counts]) write(values);
  }
}
