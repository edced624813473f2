import { writeInts } from "../coding/ints.ts";
import { LIMITS } from "../limits.ts";
import { type Budget, createBudget, refuse, SectionReader, SectionWriter } from "../section.ts";
import { Words64 } from "../words.ts";
import { bigintAt, numberAt, SummaryColumns } from "./columns.ts";
import { type Gather, STAT } from "./gather.ts";
import {
  DIMENSION,
  DIMENSIONS,
  type Dimension,
  type Summary,
  type SummaryRow,
  type SummaryTable,
  TOP_ENTRIES,
  type TopEntry,
} from "./tables.ts";

/*
 * A summary section is a list of tables, each:
 *   byte    dimension
 *   varint  rows            varint  other        varint  entries of the top
 *   columns of rows:        key1 key2 count sum min max extra, number of buckets used
 *   columns of all buckets: bucket, count
 *   columns of the top:     key1, duration, seq, index
 */

/** Rows as a writer has them: keys are `key1` or `key1 * fold + key2`. */
export function writeGathered(
  writer: SectionWriter,
  dimension: Dimension,
  gather: Gather,
  fold: number,
  seq: bigint,
): void {
  const { keys, longest } = gather;
  if (keys.length === 0) return;
  writeHead(writer, dimension, keys.length, gather.other, longest.length);
  const numbers = (count: number, value: (place: number) => number) => writeNumbers(writer, count, value);
  numbers(keys.length, (row) => Math.floor(keys[row]! / fold));
  numbers(keys.length, (row) => keys[row]! % fold);
  for (const part of [STAT.count, STAT.sum, STAT.min, STAT.max, STAT.extra] as const) {
    numbers(keys.length, (row) => gather.stat(row, part));
  }
  buckets.length = 0;
  bucketCounts.length = 0;
  numbers(keys.length, (row) => {
    const before = buckets.length;
    gather.buckets(row, hearBucket);
    return buckets.length - before;
  });
  writeInts(writer, buckets);
  writeInts(writer, bucketCounts);
  numbers(longest.length, (at) => Math.floor(longest.keys[at]! / fold));
  numbers(longest.length, (at) => longest.durations[at]!);
  column.length = 0;
  for (let at = 0; at < longest.length; at++) column.pushBigint(seq);
  writeInts(writer, column);
  numbers(longest.length, (at) => longest.indexes[at]!);
}

/** A table that only counts, by keys `key1 * fold + key2`; those beyond the limit go to `other`. */
export function writeCounts(
  writer: SectionWriter,
  dimension: Dimension,
  counts: ReadonlyMap<number, number>,
  fold: number,
): void {
  if (counts.size === 0) return;
  const keys = [...counts.keys()];
  const records = [...counts.values()];
  const rows = Math.min(keys.length, LIMITS.summaryRows);
  const other = records.slice(rows).reduce((sum, count) => sum + count, 0);
  writeHead(writer, dimension, rows, other, 0);
  writeNumbers(writer, rows, (row) => Math.floor(keys[row]! / fold));
  writeNumbers(writer, rows, (row) => keys[row]! % fold);
  writeNumbers(writer, rows, (row) => records[row]!);
  // Sum, least, greatest, extra, buckets used; the buckets; the longest.
  for (let empty = 0; empty < 5 + 2 + 4; empty++) writeNumbers(writer, 0, () => 0);
}

function writeNumbers(writer: SectionWriter, count: number, value: (place: number) => number): void {
  column.length = 0;
  for (let place = 0; place < count; place++) column.pushNumber(value(place));
  writeInts(writer, column);
}

function hearBucket(bucket: number, count: number): void {
  buckets.push(bucket, 0);
  bucketCounts.push(count, 0);
}

/** Buckets of all rows of a table and their counts; kept between tables. */
const buckets = new Words64();
const bucketCounts = new Words64();

/** What a column is gathered in; kept, as a block has a hundred. */
const column = new Words64();

export function writeTable(writer: SectionWriter, dimension: Dimension, table: SummaryTable): void {
  const { rows, top } = table;
  writeHead(writer, dimension, rows.length, table.other, top.length);
  const numbers = (values: Iterable<number>) => {
    column.length = 0;
    for (const value of values) column.pushNumber(value);
    writeInts(writer, column);
  };
  const bigints = (values: Iterable<bigint>) => {
    column.length = 0;
    for (const value of values) column.pushBigint(value);
    writeInts(writer, column);
  };
  numbers(rows.map((row) => row.key1));
  numbers(rows.map((row) => row.key2));
  numbers(rows.map((row) => row.count));
  bigints(rows.map((row) => row.sum));
  numbers(rows.map((row) => row.min));
  numbers(rows.map((row) => row.max));
  numbers(rows.map((row) => row.extra));
  numbers(rows.map((row) => row.histogram.length / 2));
  numbers(everySecond(rows, 0));
  numbers(everySecond(rows, 1));
  numbers(top.map((entry) => entry.key1));
  numbers(top.map((entry) => entry.duration));
  bigints(top.map((entry) => entry.seq));
  numbers(top.map((entry) => entry.index));
}

function writeHead(writer: SectionWriter, dimension: Dimension, rows: number, other: number, top: number): void {
  writer.byte(DIMENSION[dimension]);
  writer.varint(rows);
  writer.varint(other);
  writer.varint(top);
}

/** Reads a summary section. Throws a refusal if it is damaged. */
export function readSummary(section: Uint8Array, budget: Budget = createBudget(LIMITS.unpackedBytes)): Summary {
  const reader = new SectionReader(section, budget);
  const summary = new Map<Dimension, SummaryTable>();
  while (!reader.done) {
    const dimension = dimensionOf(reader.byte());
    summary.set(dimension, readTable(reader));
  }
  return summary;
}

/** What a table counts by, from the byte before it. Throws a refusal if there is no such dimension. */
export function dimensionOf(number: number): Dimension {
  const dimension = DIMENSIONS.find((name) => DIMENSION[name] === number);
  if (dimension === undefined) throw refuse("BAD_VALUE", `summary dimension is ${number}`);
  return dimension;
}

/** One summary section from those of several blocks of one session. */
export function mergeSummaries(list: readonly Uint8Array[]): Buffer {
  const merged = new Map<Dimension, MergedTable>();
  for (const section of list) {
    for (const [dimension, table] of readSummary(section)) {
      const into = merged.get(dimension) ?? new MergedTable();
      merged.set(dimension, into);
      into.add(table);
    }
  }
  const writer = new SectionWriter(true);
  for (const [dimension, table] of merged) writeTable(writer, dimension, table.finish());
  return Buffer.from(writer.bytes());
}

/** Adds up rows of equal keys. */
export class MergedTable {
  readonly #rows = new Map<string, MergedRow>();
  #other = 0;
  #top: TopEntry[] = [];

  add(table: SummaryTable): void {
    this.#other += table.other;
    for (const row of table.rows) {
      const key = `${row.key1}/${row.key2}`;
      const into = this.#rows.get(key);
      if (into === undefined) this.#rows.set(key, new MergedRow(row));
      else into.add(row);
    }
    this.#top = [...this.#top, ...table.top].sort((a, b) => b.duration - a.duration).slice(0, TOP_ENTRIES);
  }

  /** Rows beyond the limit go to `other`, the least counted first. */
  finish(): SummaryTable {
    const rows = [...this.#rows.values()].map((row) => row.finish());
    if (rows.length <= LIMITS.summaryRows) return { rows, other: this.#other, top: this.#top };
    rows.sort((a, b) => b.count - a.count);
    const beyond = rows.splice(LIMITS.summaryRows).reduce((sum, row) => sum + row.count, 0);
    return { rows, other: this.#other + beyond, top: this.#top };
  }
}

/** Sums of one key. */
export class MergedRow {
  readonly key1: number;
  readonly key2: number;
  count: number;
  sum: bigint;
  min: number;
  max: number;
  extra: number;
  readonly buckets = new Map<number, number>();

  constructor(row: SummaryRow) {
    this.key1 = row.key1;
    this.key2 = row.key2;
    this.count = row.count;
    this.sum = row.sum;
    this.min = row.min;
    this.max = row.max;
    this.extra = row.extra;
    this.#histogram(row.histogram);
  }

  add(row: SummaryRow): void {
    const measured = row.histogram.length > 0;
    if (measured && (this.buckets.size === 0 || row.min < this.min)) this.min = row.min;
    if (row.max > this.max) this.max = row.max;
    this.count += row.count;
    this.sum += row.sum;
    this.extra += row.extra;
    this.#histogram(row.histogram);
  }

  finish(): SummaryRow {
    const pairs = [...this.buckets].sort(([a], [b]) => a - b).flat();
    return {
      key1: this.key1,
      key2: this.key2,
      count: this.count,
      sum: this.sum,
      min: this.min,
      max: this.max,
      extra: this.extra,
      histogram: Uint32Array.from(pairs),
    };
  }

  #histogram(pairs: Uint32Array): void {
    for (let at = 0; at < pairs.length; at += 2) {
      this.buckets.set(pairs[at]!, (this.buckets.get(pairs[at]!) ?? 0) + pairs[at + 1]!);
    }
  }
}

function readTable(reader: SectionReader): SummaryTable {
  const columns = new SummaryColumns(reader);
  const { begins, buckets } = columns;
  const rows = Array.from({ length: columns.rows }, (_, row): SummaryRow => {
    const [begin, end] = [begins[row]!, begins[row + 1]!];
    const histogram = new Uint32Array((end - begin) * 2);
    for (let at = begin, pair = 0; at < end; at++) {
      histogram[pair++] = buckets.numbers[at]!;
      histogram[pair++] = buckets.counts[at]!;
    }
    return {
      key1: numberAt(columns.key1, row),
      key2: numberAt(columns.key2, row),
      count: numberAt(columns.counts, row),
      sum: bigintAt(columns.sums, row),
      min: numberAt(columns.mins, row),
      max: numberAt(columns.maxs, row),
      extra: numberAt(columns.extras, row),
      histogram,
    };
  });
  const { top } = columns;
  const entries = Array.from(
    { length: top.count },
    (_, at): TopEntry => ({
      key1: numberAt(top.key1, at),
      duration: numberAt(top.duration, at),
      seq: bigintAt(top.seq, at),
      index: numberAt(top.index, at),
    }),
  );
  return { rows, other: columns.other, top: entries };
}

function* everySecond(rows: readonly SummaryRow[], first: 0 | 1): Iterable<number> {
  for (const { histogram } of rows) for (let at = first; at < histogram.length; at += 2) yield histogram[at]!;
}
