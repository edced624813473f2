import { asBuffer } from "@wayward/base";
import { LIMITS } from "../limits.ts";
import { refuse, type SectionReader, type SectionWriter, type StreamAt } from "../section.ts";
import type { Scalar } from "../stage.ts";
import { Words64 } from "../words.ts";
import { narrowed } from "./ints.ts";
import { decodeVarints, encodeVarints } from "./varint.ts";

/*
 * Texts and byte strings: a stream of lengths, then a stream of all bytes.
 * A length is 2 × the bytes that are there, plus 1 if the value was cut;
 * then its full length follows as one more number.
 */

/** Longest text that is written character by character. */
const ASCII_CHARS = 24;

/** Gathers texts of one column. */
export class TextBuilder {
  #bytes = Buffer.allocUnsafe(1024);
  #at = 0;
  readonly #lengths = new Words64();

  clear(): void {
    this.#at = 0;
    this.#lengths.length = 0;
  }

  push(value: string | Uint8Array): void {
    if (typeof value === "string") this.#string(value);
    else this.#raw(asBuffer(value), value.length);
  }

  write(writer: SectionWriter): void {
    writer.varint(this.#lengths.length);
    writer.stream(encodeVarints(this.#lengths.lo, this.#lengths.hi, this.#lengths.length));
    writer.stream(this.#bytes.subarray(0, this.#at));
  }

  #string(value: string): void {
    if (value.length > LIMITS.valueBytes / 3) {
      const bytes = Buffer.from(value);
      this.#raw(bytes.subarray(0, cutAt(bytes)), bytes.length);
      return;
    }
    this.#room(value.length * 3);
    const written = this.#ascii(value) ? value.length : this.#bytes.write(value, this.#at, "utf8");
    this.#at += written;
    this.#lengths.push(written * 2, 0);
  }

  /** Writes a short text of ASCII: a call out of JavaScript costs more than its characters. */
  #ascii(value: string): boolean {
    if (value.length > ASCII_CHARS) return false;
    const bytes = this.#bytes;
    const from = this.#at;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[from + index] = code;
    }
    return true;
  }

  #raw(bytes: Buffer, fullLength: number): void {
    const kept = bytes.subarray(0, LIMITS.valueBytes);
    this.#room(kept.length);
    kept.copy(this.#bytes, this.#at);
    this.#at += kept.length;
    const cut = kept.length < fullLength;
    this.#lengths.pushNumber(kept.length * 2 + (cut ? 1 : 0));
    if (cut) this.#lengths.pushNumber(fullLength);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Where a too long UTF-8 text is cut: at the limit, or before the character that crosses it. */
function cutAt(bytes: Buffer): number {
  if (bytes.length <= LIMITS.valueBytes) return bytes.length;
  let at: number = LIMITS.valueBytes;
  while (at > 0 && (bytes[at]! & 0xc0) === 0x80) at--;
  return at;
}

/** Decoded texts of one column: bytes end to end, decoded to strings on demand. */
export interface Texts {
  readonly bytes: Buffer;
  /** Value `index` is bytes from `starts[index]` to `starts[index + 1]`. */
  readonly starts: Uint32Array;
  /** Full lengths of those that were cut. */
  readonly cut: ReadonlyMap<number, number>;
}

export function readTexts(reader: SectionReader, count: number): Texts {
  const numbers = reader.varint();
  if (numbers < count || numbers > count * 2) throw refuse("BAD_VALUE", `${numbers} lengths for ${count} texts`);
  const lo = new Uint32Array(numbers);
  const hi = new Uint32Array(numbers);
  if (!decodeVarints(reader.stream(), numbers, lo, hi)) throw refuse("BAD_VALUE", `not ${numbers} lengths`);
  const bytes = asBuffer(reader.stream());
  const starts = new Uint32Array(count + 1);
  const cut = new Map<number, number>();
  let at = 0;
  let from = 0;
  for (let index = 0; index < count; index++) {
    starts[index] = at;
    at += lo[from]! >>> 1;
    if (hi[from] !== 0 || at > bytes.length) throw refuse("BAD_VALUE", "texts are longer than their bytes");
    if (lo[from++]! & 1) cut.set(index, lo[from]! + hi[from++]! * 0x1_0000_0000);
  }
  starts[count] = at;
  if (at !== bytes.length || from !== numbers) throw refuse("BAD_VALUE", "texts and their bytes do not fit");
  return { bytes, starts, cut };
}

/** Passes over a column of texts. */
export function passTexts(reader: SectionReader, into: StreamAt[]): void {
  reader.varint();
  into.push(reader.locate(), reader.locate());
}

/** One value as a string; bytes that are no UTF-8 become U+FFFD. */
export function textAt(texts: Texts, index: number): string {
  return texts.bytes.toString("utf8", texts.starts[index], texts.starts[index + 1]);
}

/*
 * Argument lists: a stream of counts, a stream of one type byte for each
 * argument, then the arguments by type: whole numbers (zigzag LEB128), floats
 * (8 bytes), and texts.
 */
const TAG = { null: 0, false: 1, true: 2, int: 3, float: 4, string: 5, bytes: 6, unsigned: 7 } as const;

/** Gathers argument lists of one column. */
export class ValuesBuilder {
  readonly #counts = new Words64();
  readonly #ints = new Words64();
  readonly #texts = new TextBuilder();
  #tags = Buffer.allocUnsafeSlow(256);
  #tagged = 0;
  readonly #floats: number[] = [];

  clear(): void {
    this.#counts.length = 0;
    this.#ints.length = 0;
    this.#texts.clear();
    this.#tagged = 0;
    this.#floats.length = 0;
  }

  /** Adds the list at `from` in a stage's `args`: its length, then its values. */
  push(args: readonly unknown[], from: number): void {
    const length = args[from] as number;
    this.#counts.push(length, 0);
    for (let index = from + 1; index <= from + length; index++) this.#scalar(args[index] as Scalar);
  }

  write(writer: SectionWriter): void {
    writer.varint(this.#tagged);
    writer.stream(encodeVarints(this.#counts.lo, this.#counts.hi, this.#counts.length));
    writer.stream(this.#tags.subarray(0, this.#tagged));
    writer.stream(encodeVarints(this.#ints.lo, this.#ints.hi, this.#ints.length));
    const floats = Buffer.allocUnsafe(this.#floats.length * 8);
    for (let index = 0; index < this.#floats.length; index++) floats.writeDoubleLE(this.#floats[index]!, index * 8);
    writer.stream(floats);
    this.#texts.write(writer);
  }

  #tag(tag: number): void {
    if (this.#tagged === this.#tags.length) this.#tags = Buffer.concat([this.#tags], this.#tagged * 2);
    this.#tags[this.#tagged++] = tag;
  }

  #scalar(value: Scalar): void {
    if (typeof value === "number") {
      if (value > 0 && value === (value | 0)) {
        this.#tag(TAG.int);
        this.#ints.push(value * 2, 0);
      } else if (Number.isInteger(value) && Math.abs(value) < 2 ** 52 && !Object.is(value, -0)) {
        this.#tag(TAG.int);
        this.#ints.pushNumber(value < 0 ? -2 * value - 1 : 2 * value);
      } else {
        this.#tag(TAG.float);
        this.#floats.push(value);
      }
    } else if (typeof value === "string") {
      this.#tag(TAG.string);
      this.#texts.push(value);
    } else if (typeof value === "bigint") this.#bigint(value);
    else if (value === null) this.#tag(TAG.null);
    else if (typeof value === "boolean") this.#tag(value ? TAG.true : TAG.false);
    else {
      this.#tag(TAG.bytes);
      this.#texts.push(value);
    }
  }

  #bigint(value: bigint): void {
    if (value >= 0n && value < 1n << 64n && value >= 1n << 63n) {
      this.#tag(TAG.unsigned);
      this.#ints.pushBigint(value);
      return;
    }
    const signed = BigInt.asIntN(64, value);
    this.#tag(TAG.int);
    this.#ints.pushBigint(BigInt.asUintN(64, (signed << 1n) ^ (signed >> 63n)));
  }
}

/** Decoded argument lists of one column. */
export interface Values {
  /** Arguments of value `index` are those from `starts[index]` to `starts[index + 1]`. */
  readonly starts: Uint32Array;
  readonly tags: Uint8Array;
  /** For argument `i`: its place among the whole numbers, floats or texts, by its tag. */
  readonly places: Uint32Array;
  readonly ints: { readonly lo: Uint32Array; readonly hi: Uint32Array };
  readonly floats: Float64Array;
  readonly texts: Texts;
}

export function readValues(reader: SectionReader, count: number): Values {
  const total = reader.varint();
  const starts = new Uint32Array(count + 1);
  const counts = { lo: new Uint32Array(count), hi: new Uint32Array(count) };
  if (!decodeVarints(reader.stream(), count, counts.lo, counts.hi)) throw refuse("BAD_VALUE", "not argument counts");
  for (let index = 0; index < count; index++) starts[index + 1] = starts[index]! + counts.lo[index]!;
  const tags = reader.stream();
  if (tags.length !== total || starts[count] !== total)
    throw refuse("BAD_VALUE", `${tags.length} of ${total} arguments`);
  const places = new Uint32Array(total);
  const ends = [0, 0, 0];
  for (let index = 0; index < total; index++) {
    const list = listOf(tags[index]!);
    if (list !== undefined) places[index] = ends[list]!++;
  }
  const ints = { lo: new Uint32Array(ends[0]!), hi: new Uint32Array(ends[0]!) };
  if (!decodeVarints(reader.stream(), ends[0]!, ints.lo, ints.hi)) throw refuse("BAD_VALUE", "not whole arguments");
  const floatBytes = reader.stream();
  if (floatBytes.length !== ends[1]! * 8) throw refuse("BAD_VALUE", "not the arguments' floats");
  const floats = new Float64Array(ends[1]!);
  new Uint8Array(floats.buffer).set(floatBytes);
  return { starts, tags, places, ints: narrowed(ints), floats, texts: readTexts(reader, ends[2]!) };
}

/** Passes over a column of argument lists. */
export function passValues(reader: SectionReader, into: StreamAt[]): void {
  reader.varint();
  for (let stream = 0; stream < 4; stream++) into.push(reader.locate());
  passTexts(reader, into);
}

/** The arguments of one value. */
export function valuesAt(values: Values, index: number): Scalar[] {
  const list: Scalar[] = [];
  for (let at = values.starts[index]!; at < values.starts[index + 1]!; at++) list.push(argumentAt(values, at));
  return list;
}

/** One argument of all of them. */
export function argumentAt(values: Values, at: number): Scalar {
  const tag = values.tags[at]!;
  const place = values.places[at]!;
  if (tag === TAG.int || tag === TAG.unsigned) {
    const low = values.ints.lo[place]!;
    // Most are small, and need no bigint.
    if (tag === TAG.int && values.ints.hi[place] === 0) return low & 1 ? -((low >>> 1) + 1) : low >>> 1;
    const bits = (BigInt(values.ints.hi[place]!) << 32n) | BigInt(values.ints.lo[place]!);
    if (tag === TAG.unsigned) return bits;
    const value = (bits >> 1n) ^ -(bits & 1n);
    return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;
  }
  if (tag === TAG.float) return values.floats[place]!;
  if (tag === TAG.string) return textAt(values.texts, place);
  if (tag === TAG.bytes) return values.texts.bytes.subarray(values.texts.starts[place], values.texts.starts[place + 1]);
  return tag === TAG.null ? null : tag === TAG.true;
}

function listOf(tag: number): 0 | 1 | 2 | undefined {
  if (tag === TAG.int || tag === TAG.unsigned) return 0;
  if (tag === TAG.float) return 1;
  if (tag === TAG.string || tag === TAG.bytes) return 2;
  if (tag > TAG.unsigned) throw refuse("BAD_VALUE", `argument type is ${tag}, known are 0 to 7`);
  return undefined;
}
