import { BUCKETS } from "../bucket.ts";
import { type Ints, passInts, readInts } from "../coding/ints.ts";
import { LIMITS } from "../limits.ts";
import { type Part, refuse, type SectionReader, type StreamAt } from "../section.ts";
import { TOP_ENTRIES } from "./tables.ts";

/** The buckets that a table's rows use, row after row. */
export interface Buckets {
  /** Rising within a row, each below BUCKETS. */
  readonly numbers: Uint32Array;
  readonly counts: Uint32Array;
}

/** The longest of a table, longest first. */
export interface TopColumns {
  readonly count: number;
  readonly key1: Ints;
  readonly duration: Ints;
  readonly seq: Ints;
  readonly index: Ints;
}

/**
 * One table of a summary, column by column: who adds up many of them needs no
 * object for each row. Buckets and the longest are decoded when they are asked
 * for, which throws a refusal where they are damaged.
 */
export class SummaryColumns {
  readonly rows: number;
  /** What belongs to no row, counted only. */
  readonly other: number;
  readonly key1: Ints;
  readonly key2: Ints;
  readonly counts: Ints;
  readonly sums: Ints;
  readonly mins: Ints;
  readonly maxs: Ints;
  readonly extras: Ints;
  /** Where each row's buckets begin, and where all end: a row without any measures nothing. */
  readonly begins: Uint32Array;
  readonly #bucketPart: Part;
  readonly #topPart: Part;
  readonly #tops: number;
  #buckets: Buckets | undefined;

  /** Reads the table that comes next in a section, behind its dimension. Throws a refusal if it is damaged. */
  constructor(reader: SectionReader) {
    this.rows = limited(reader.varint(), LIMITS.summaryRows, "summary rows");
    this.other = reader.varint();
    this.#tops = limited(reader.varint(), TOP_ENTRIES, "entries of the longest");
    const column = () => readInts(reader, this.rows);
    this.key1 = column();
    this.key2 = column();
    this.counts = column();
    this.sums = column();
    this.mins = column();
    this.maxs = column();
    this.extras = column();
    this.begins = beginsOf(column().lo);
    this.#bucketPart = reader.part(passBuckets);
    this.#topPart = reader.part(passTop);
  }

  get buckets(): Buckets {
    this.#buckets ??= this.#bucketPart.read((reader) => readBuckets(reader, this.begins));
    return this.#buckets;
  }

  /** Decoded anew each time. */
  get top(): TopColumns {
    const count = this.#tops;
    return this.#topPart.read((reader) => ({
      count,
      key1: readInts(reader, count),
      duration: readInts(reader, count),
      seq: readInts(reader, count),
      index: readInts(reader, count),
    }));
  }

  /** Bytes that it takes with its buckets, roughly, beside those of the section. */
  get memory(): number {
    return ROW_BYTES * this.rows + BUCKET_BYTES * this.begins.at(-1)!;
  }
}

/** Seven columns and where buckets begin; some have upper halves of their own. */
const ROW_BYTES = 48;
/** Number and count, and upper halves until those are found to be empty. */
const BUCKET_BYTES = 16;

/** Passes over a table without decoding it, behind its dimension. */
export function passTable(reader: SectionReader, into: StreamAt[]): void {
  for (let number = 0; number < 3; number++) reader.varint();
  for (let column = 0; column < 8; column++) passInts(reader, into);
  passBuckets(reader, into);
  passTop(reader, into);
}

function passBuckets(reader: SectionReader, into: StreamAt[]): void {
  for (let column = 0; column < 2; column++) passInts(reader, into);
}

function passTop(reader: SectionReader, into: StreamAt[]): void {
  for (let column = 0; column < 4; column++) passInts(reader, into);
}

/** A number below 2^53, or the nearest that has one. */
export function numberAt({ lo, hi }: Ints, index: number): number {
  return hi[index] === 0 ? lo[index]! : lo[index]! + hi[index]! * 0x1_0000_0000;
}

export function bigintAt({ lo, hi }: Ints, index: number): bigint {
  return (BigInt(hi[index]!) << 32n) | BigInt(lo[index]!);
}

function beginsOf(used: Uint32Array): Uint32Array {
  const begins = new Uint32Array(used.length + 1);
  for (let row = 0; row < used.length; row++) {
    if (used[row]! > BUCKETS) throw refuse("BAD_VALUE", `a summary row uses ${used[row]} buckets of ${BUCKETS}`);
    begins[row + 1] = begins[row]! + used[row]!;
  }
  return begins;
}

function readBuckets(reader: SectionReader, begins: Uint32Array): Buckets {
  const length = begins.at(-1)!;
  const numbers = readInts(reader, length).lo;
  const counts = readInts(reader, length).lo;
  for (let row = 0; row + 1 < begins.length; row++) {
    let least = 0;
    for (let at = begins[row]!; at < begins[row + 1]!; at++) {
      const bucket = numbers[at]!;
      if (bucket < least) throw refuse("BAD_VALUE", `bucket ${bucket} of a summary row stands behind ${least - 1}`);
      if (bucket >= BUCKETS) throw refuse("BAD_VALUE", `bucket ${bucket} of ${BUCKETS} in a summary row`);
      least = bucket + 1;
    }
  }
  return { numbers, counts };
}

function limited(value: number, most: number, what: string): number {
  if (value <= most) return value;
  throw refuse("TOO_LARGE", `${value} ${what}, at most ${most}`);
}
