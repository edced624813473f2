import { LIMITS } from "../limits.ts";
import { refuse, type SectionReader, type SectionWriter, type StreamAt } from "../section.ts";
import { Words64 } from "../words.ts";
import type { Buffers } from "./buffers.ts";
import { decodeClasses, encodeClasses } from "./class.ts";
import { Scratch } from "./scratch.ts";
import { decodeVarints, encodeVarints } from "./varint.ts";

/** How a column of numbers is written. FORMAT.md, "Codings". */
const CODING = { empty: 0, constant: 1, byte: 2, delta: 3, class: 4, index: 5 } as const;

/** Numbers as halves. */
export interface Ints {
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
}

/** Writes `column.length` numbers in the coding that suits them, a coding byte first. Zigzag is the caller's. `narrow` says that all upper halves are 0. */
export function writeInts(writer: SectionWriter, column: Words64, narrow = false): void {
  const { lo, hi, length } = column;
  const coding = chooseCoding(lo, hi, length, narrow);
  writer.byte(coding);
  if (coding === CODING.constant) writer.raw(encodeVarints(lo, hi, 1));
  else if (coding === CODING.byte) writer.stream(toBytes(lo, length));
  else if (coding === CODING.delta) writer.stream(encodeDeltas(lo, hi, length));
  else if (coding === CODING.index) writeIndex(writer, lo, length);
  else if (coding === CODING.class) {
    const { classes, bits } = encodeClasses(lo, hi, length);
    writer.stream(classes);
    writer.noise(bits);
  }
}

/** Reads `count` numbers. Halves that are all 0 may be shared: see `isNothing`. Not to be written to. */
export function readInts(reader: SectionReader, count: number): Ints {
  const coding = reader.byte();
  if (coding === CODING.empty) return { lo: zeros(count), hi: zeros(count) };
  const { buffers } = reader;
  const lo = buffers.words(count);
  if (coding === CODING.constant) return readConstant(reader, lo);
  if (coding === CODING.delta || coding === CODING.class) return readWide(reader, coding, lo);
  const mark = buffers.mark();
  if (coding === CODING.byte) lo.set(exactly(reader.stream(), count));
  else if (coding === CODING.index) readIndex(reader, lo);
  else throw refuse("UNKNOWN_CODING", `column coding is ${coding}, known are 0 to 5`);
  buffers.release(mark);
  return { lo, hi: zeros(count) };
}

/** Reads numbers that may have more than 32 bits. */
function readWide(reader: SectionReader, coding: number, lo: Uint32Array): Ints {
  const { buffers } = reader;
  const count = lo.length;
  const before = buffers.mark();
  const hi = buffers.words(count).fill(0);
  const behind = buffers.mark();
  if (coding === CODING.delta) {
    if (!decodeVarints(reader.stream(), count, lo, hi)) throw refuse("BAD_VALUE", `a stream is not ${count} varints`);
    sumDeltas(lo, hi);
  } else {
    const classes = exactly(reader.stream(), count);
    if (!decodeClasses(classes, reader.stream(), lo, hi)) throw refuse("BAD_VALUE", "classes and bits do not fit");
  }
  const ints = narrowed({ lo, hi });
  buffers.release(ints.hi === hi ? behind : before);
  return ints;
}

/** Passes over a column of numbers. */
export function passInts(reader: SectionReader, into: StreamAt[]): void {
  const coding = reader.byte();
  if (coding === CODING.constant) while (reader.byte() >= 0x80);
  if (coding === CODING.index) reader.varint();
  const streams = STREAMS[coding];
  if (streams === undefined) throw refuse("UNKNOWN_CODING", `column coding is ${coding}, known are 0 to 5`);
  for (let stream = 0; stream < streams; stream++) into.push(reader.locate());
}

/** Streams of each coding. */
const STREAMS = [0, 0, 1, 1, 2, 3];

/** Maps signed to unsigned so that small sizes stay small: 0, -1, 1, -2 … to 0, 1, 2, 3 …. Valid until the next call. */
export function zigzag({ lo, hi, length }: Words64): Words64 {
  zigzagged.resize(length);
  const { lo: toLo, hi: toHi } = zigzagged;
  for (let index = 0; index < length; index++) {
    const sign = (hi[index]! | 0) >> 31;
    toHi[index] = ((hi[index]! << 1) | (lo[index]! >>> 31)) ^ sign;
    toLo[index] = (lo[index]! << 1) ^ sign;
  }
  return zigzagged;
}

const zigzagged = new Words64();

/** The same with shared upper halves where all are 0, as most are. Not to be written to. */
export function narrowed({ lo, hi }: Ints): Ints {
  return anyOf(hi, hi.length) === 0 ? { lo, hi: zeros(hi.length) } : { lo, hi };
}

const ZEROS = new Uint32Array(LIMITS.records);

/** So many of them; not to be written to. */
export function zeros(count: number): Uint32Array {
  return count <= ZEROS.length ? ZEROS.subarray(0, count) : new Uint32Array(count);
}

/** True for halves of which it is known without a look that all are 0. */
export function isNothing(halves: Uint32Array): boolean {
  return halves.buffer === ZEROS.buffer;
}

/** Undoes `zigzag` of numbers that `readInts` has read; its lower halves are written to. */
export function signed({ lo, hi }: Ints, buffers: Buffers): Ints {
  const isShort = isNothing(hi);
  // Small ones below 0 have upper halves now.
  const own = isShort && hasOdd(lo) ? buffers.words(lo.length).fill(0) : hi;
  if (isShort && own === hi) halve(lo);
  else unzigzag({ lo, hi: own });
  return { lo, hi: own };
}

function hasOdd(numbers: Uint32Array): boolean {
  return (anyOf(numbers, numbers.length) & 1) !== 0;
}

function halve(numbers: Uint32Array): void {
  for (let index = 0; index < numbers.length; index++) numbers[index] = numbers[index]! >>> 1;
}

function unzigzag({ lo, hi }: Ints): void {
  for (let index = 0; index < lo.length; index++) {
    const sign = -(lo[index]! & 1);
    lo[index] = ((lo[index]! >>> 1) | (hi[index]! << 31)) ^ sign;
    hi[index] = (hi[index]! >>> 1) ^ sign;
  }
}

const SAMPLE = 512;

const lowScratch = new Scratch();
const highScratch = new Scratch();
const deltas = new Words64();
const distinct = new Words64();
const NEAR = 4096;
/** By value below NEAR its place plus one; all 0 between calls. */
const nearScratch = new Uint32Array(NEAR);

/** Places in an index have two bytes. */
const INDEX_MAX = 65_536;

function chooseCoding(lo: Uint32Array, hi: Uint32Array, length: number, narrow: boolean): number {
  const first = lo[0]!;
  let all = 0;
  let differs = 0;
  for (let index = 0; index < length; index++) {
    all |= lo[index]!;
    differs |= lo[index]! ^ first;
  }
  const high = narrow ? 0 : anyOf(hi, length);
  if (high === 0) {
    if (all === 0) return CODING.empty;
    if (all >>> 0 < 256 && differs !== 0) return CODING.byte;
  }
  if (differs === 0 && (high === 0 || areEqual(hi, length))) return CODING.constant;
  return chooseWide(lo, hi, length, high === 0);
}

/** All bits that any of them has. */
function anyOf(halves: Uint32Array, length: number): number {
  let all = 0;
  for (let index = 0; index < length; index++) all |= halves[index]!;
  return all;
}

function areEqual(halves: Uint32Array, length: number): boolean {
  let index = 1;
  while (index < length && halves[index] === halves[0]) index++;
  return index >= length;
}

/** Judges by a sample: differences if they are much smaller, an index if values repeat, else classes. */
function chooseWide(lo: Uint32Array, hi: Uint32Array, length: number, narrow: boolean): number {
  const count = Math.min(length, SAMPLE);
  const start = (length - count) >> 1;
  let valueBits = 0;
  let deltaBits = 0;
  for (let index = start; index < start + count; index++) {
    valueBits += bitsOf(lo[index]!, hi[index]!);
    if (index === start) continue;
    const low = lo[index]! - lo[index - 1]!;
    const high = (hi[index]! - hi[index - 1]! - (low < 0 ? 1 : 0)) | 0;
    deltaBits += high < 0 ? bitsOf(~low >>> 0, ~high >>> 0) + 1 : bitsOf(low >>> 0, high) + 1;
  }
  if (deltaBits < valueBits * 0.6) return CODING.delta;
  if (narrow && length > 32 && length <= INDEX_MAX && repeats(lo, start, count)) return CODING.index;
  return CODING.class;
}

/** True if at most half of so many numbers are distinct. */
function repeats(lo: Uint32Array, start: number, count: number): boolean {
  const seen = new Set<number>();
  for (let index = start; index < start + count; index++) {
    if (seen.add(lo[index]!).size > count >> 1) return false;
  }
  return true;
}

function bitsOf(lo: number, hi: number): number {
  return hi === 0 ? 32 - Math.clz32(lo) : 64 - Math.clz32(hi);
}

function toBytes(lo: Uint32Array, length: number): Buffer {
  const bytes = lowScratch.take(length);
  for (let index = 0; index < length; index++) bytes[index] = lo[index]!;
  return bytes.subarray(0, length);
}

function encodeDeltas(lo: Uint32Array, hi: Uint32Array, length: number): Buffer {
  deltas.resize(length);
  const { lo: deltaLo, hi: deltaHi } = deltas;
  let lastLo = 0;
  let lastHi = 0;
  for (let index = 0; index < length; index++) {
    const low = lo[index]! - lastLo;
    const high = (hi[index]! - lastHi - (low < 0 ? 1 : 0)) | 0;
    const sign = high >> 31;
    deltaHi[index] = ((high << 1) | ((low >>> 31) & 1)) ^ sign;
    deltaLo[index] = (low << 1) ^ sign;
    lastLo = lo[index]!;
    lastHi = hi[index]!;
  }
  return encodeVarints(deltaLo, deltaHi, length);
}

function sumDeltas(lo: Uint32Array, hi: Uint32Array): void {
  unzigzag({ lo, hi });
  for (let index = 1; index < lo.length; index++) {
    const low = lo[index - 1]! + lo[index]!;
    hi[index] = hi[index - 1]! + hi[index]! + (low > 0xffffffff ? 1 : 0);
    lo[index] = low;
  }
}

/** Distinct values in order of first use, then each value's place among them: low bytes, and high bytes where over 256. */
function writeIndex(writer: SectionWriter, lo: Uint32Array, length: number): void {
  const low = lowScratch.take(length);
  const high = highScratch.take(length);
  distinct.length = 0;
  const far = new Map<number, number>();
  // Ids are small: an array answers for them, the map for the others.
  const near = nearScratch;
  for (let index = 0; index < length; index++) {
    const value = lo[index]!;
    let place = value < NEAR ? near[value]! - 1 : (far.get(value) ?? -1);
    if (place < 0) {
      place = distinct.length;
      distinct.push(value, 0);
      if (value < NEAR) near[value] = place + 1;
      else far.set(value, place);
    }
    low[index] = place;
    high[index] = place >>> 8;
  }
  for (let place = 0; place < distinct.length; place++) {
    if (distinct.lo[place]! < NEAR) near[distinct.lo[place]!] = 0;
  }
  writer.varint(distinct.length);
  writer.stream(encodeDeltas(distinct.lo, distinct.hi, distinct.length));
  writer.stream(low.subarray(0, length));
  writer.stream(high.subarray(0, distinct.length > 256 ? length : 0));
}

function readIndex(reader: SectionReader, lo: Uint32Array): void {
  const count = reader.varint();
  if (count > INDEX_MAX) throw refuse("BAD_VALUE", `${count} distinct values in a column, at most ${INDEX_MAX}`);
  const values = reader.buffers.words(count);
  const rest = reader.buffers.words(count).fill(0);
  if (!decodeVarints(reader.stream(), count, values, rest)) throw refuse("BAD_VALUE", "an index has other values");
  sumDeltas(values, rest);
  const low = exactly(reader.stream(), lo.length);
  const high = exactly(reader.stream(), count > 256 ? lo.length : 0);
  for (let index = 0; index < lo.length; index++) {
    const place = low[index]! | (count > 256 ? high[index]! << 8 : 0);
    if (place >= count) throw refuse("BAD_VALUE", `place ${place} of ${count} values in a column`);
    lo[index] = values[place]!;
  }
}

function readConstant(reader: SectionReader, lo: Uint32Array): Ints {
  const bytes: number[] = [];
  do bytes.push(reader.byte());
  while (bytes.at(-1)! >= 0x80 && bytes.length < 10);
  const low = new Uint32Array(1);
  const high = new Uint32Array(1);
  if (!decodeVarints(Uint8Array.from(bytes), 1, low, high)) throw refuse("BAD_VALUE", "a constant has over 64 bits");
  lo.fill(low[0]!);
  return { lo, hi: high[0] === 0 ? zeros(lo.length) : reader.buffers.words(lo.length).fill(high[0]!) };
}

/** The stream, which must have this length. */
function exactly(bytes: Uint8Array, count: number): Uint8Array {
  if (bytes.length !== count) throw refuse("BAD_VALUE", `a stream has ${bytes.length} bytes, ${count} are needed`);
  return bytes;
}
