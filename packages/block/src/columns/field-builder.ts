import type { Field } from "@wayward/record";
import { writeInts, zigzag } from "../coding/ints.ts";
import { TextBuilder, ValuesBuilder } from "../coding/texts.ts";
import { LIMITS } from "../limits.ts";
import { NO_OPERAND, type Operand } from "../pairing/operands.ts";
import type { SectionWriter } from "../section.ts";
import { Words64 } from "../words.ts";

/** How a field's words become a column. */
export const SHAPE = { one: 0, two: 1, text: 2, object: 3 } as const;

/** A column says by this bit of its coding byte that some records lack the value; a bitmap stream comes first. */
export const SPARSE = 0x80;

/** With SPARSE: no record has the value, and nothing follows. */
export const ABSENT = 0x40;

/** Where no record has a value. */
const NOWHERE = new Int32Array(LIMITS.records).fill(-1);

/** True for the fields whose ids go into the block's one column of objects. */
export function isObject(field: Field): boolean {
  return field.type === "ref" && field.table === "object" && field.role === "object";
}

/** True for the types that may be negative. */
export function isSigned(field: Field): boolean {
  return field.type === "i64" || field.type === "duration";
}

/** What a kind's fields are gathered from. */
export interface FieldSource {
  readonly words: Uint32Array;
  /** Of the stage: what texts and lists point to. */
  readonly texts: readonly unknown[];
  readonly args: readonly unknown[];
  /** For each record the word where it begins or, where fields vary, where its next field stands. */
  readonly at: Uint32Array;
  readonly count: number;
}

/** Gathers one field of one kind. */
export class FieldBuilder {
  readonly field: Field;
  readonly shape: number;
  /** The values there are; a reference has one for every record, 0 for none. */
  readonly words = new Words64();
  readonly #texts = new TextBuilder();
  readonly #values = new ValuesBuilder();
  /** Records of the kind that lack the value, by position among its records; not listed where all do. */
  readonly #missing: number[] = [];
  #absent = false;
  /** Any of the values has an upper half. */
  #isWide = false;

  constructor(field: Field) {
    this.field = field;
    if (isObject(field)) this.shape = SHAPE.object;
    else if (field.type === "string" || field.type === "bytes" || field.type === "values") this.shape = SHAPE.text;
    else if (field.type === "bool" || field.type === "enum" || field.type === "ref") this.shape = SHAPE.one;
    else this.shape = SHAPE.two;
  }

  /** Words that a value takes in the stage. */
  get width(): 1 | 2 {
    return this.shape === SHAPE.two ? 2 : 1;
  }

  /** True where no record has a value. */
  get isAbsent(): boolean {
    return this.#absent;
  }

  clear(): void {
    this.words.length = 0;
    this.#texts.clear();
    this.#values.clear();
    this.#missing.length = 0;
    this.#absent = false;
    this.#isWide = false;
  }

  /** Takes note that none of `count` records has this field; as a reference it is 0. */
  leaveOut(count: number): void {
    if (this.field.type !== "ref") {
      this.#absent = true;
      return;
    }
    this.words.resize(count);
    this.words.lo.fill(0, 0, count);
  }

  /** Takes this field of all records; all have it, `distance` words from their begin. */
  gatherAlike(source: FieldSource, distance: number): void {
    const { words, at, count } = source;
    if (this.shape === SHAPE.text) {
      for (let record = 0; record < count; record++) this.#pushText(source, words[at[record]! + distance]!);
      return;
    }
    this.words.resize(count);
    const { lo, hi } = this.words;
    for (let record = 0; record < count; record++) lo[record] = words[at[record]! + distance]!;
    if (this.shape !== SHAPE.two) return;
    let high = 0;
    for (let record = 0; record < count; record++) {
      const part = words[at[record]! + distance + 1]!;
      hi[record] = part;
      high |= part;
    }
    this.#isWide = high !== 0;
  }

  /** Takes this field of the records that have it by bit `bit` of their masks, or of all without masks. */
  gatherVaried(source: FieldSource, masks: Uint32Array | undefined, bit: number): void {
    if (this.shape === SHAPE.text) this.#gatherTexts(source, masks, bit);
    else this.#gatherNumbers(source, masks, bit);
  }

  /** The values as whole numbers for pairing, one for each of `count` records, 0 where it has none. Valid until the next block. */
  operand(count: number): Operand {
    const isWhole = this.shape !== SHAPE.text && this.field.type !== "f64";
    if (!isWhole || this.#absent) return NO_OPERAND;
    const { lo, hi } = this.words;
    const places = this.places(count);
    if (places === undefined) return { lo, hi: this.#isWide ? hi : undefined };
    return { lo: spread(lo, places), hi: this.#isWide ? spread(hi, places) : undefined };
  }

  /** A value as a number of at least 0. A negative duration counts as 0, as a clock that steps back does. */
  measured(place: number): number {
    const high = this.words.hi[place]!;
    if (high >= 0x8000_0000 && isSigned(this.field)) return 0;
    return this.words.lo[place]! + high * 0x1_0000_0000;
  }

  /** For each record the place of its value, or -1; undefined where every record has one. */
  places(count: number): Int32Array | undefined {
    if (this.#absent) return NOWHERE.subarray(0, count);
    if (this.#missing.length === 0) return undefined;
    const places = new Int32Array(count);
    for (const record of this.#missing) places[record] = -1;
    let next = 0;
    for (let record = 0; record < count; record++) if (places[record] === 0) places[record] = next++;
    return places;
  }

  /** Writes the column for `count` records of the kind. Columns of objects are the block's. */
  write(writer: SectionWriter, count: number): void {
    if (this.shape === SHAPE.object) return;
    if (this.#absent) {
      writer.byte(SPARSE | ABSENT);
      return;
    }
    if (this.#missing.length > 0) {
      writer.byte(SPARSE);
      writer.stream(bitmapWithout(this.#missing, count));
    } else writer.byte(0);
    if (this.shape === SHAPE.text) this.#writeTexts(writer);
    else if (this.field.type === "f64") writeFloats(writer, this.words);
    else {
      const signed = isSigned(this.field);
      writeInts(writer, signed ? zigzag(this.words) : this.words, !signed && !this.#isWide);
    }
  }

  #gatherNumbers({ words, at, count }: FieldSource, masks: Uint32Array | undefined, bit: number): void {
    const isRef = this.field.type === "ref";
    const { width } = this;
    this.words.resize(count);
    const { lo, hi } = this.words;
    let length = 0;
    let high = 0;
    for (let record = 0; record < count; record++) {
      if (masks !== undefined && ((masks[record]! >>> bit) & 1) === 0) {
        if (isRef) lo[length++] = 0;
        else this.#missing.push(record);
        continue;
      }
      const from = at[record]!;
      lo[length] = words[from]!;
      if (width === 2) {
        hi[length] = words[from + 1]!;
        high |= words[from + 1]!;
      }
      length++;
      at[record] = from + width;
    }
    this.words.length = length;
    this.#isWide = high !== 0;
  }

  #gatherTexts(source: FieldSource, masks: Uint32Array | undefined, bit: number): void {
    const { words, at, count } = source;
    for (let record = 0; record < count; record++) {
      if (masks !== undefined && ((masks[record]! >>> bit) & 1) === 0) this.#missing.push(record);
      else this.#pushText(source, words[at[record]!++]!);
    }
  }

  #pushText({ texts, args }: FieldSource, place: number): void {
    if (this.field.type === "values") this.#values.push(args, place);
    else this.#texts.push(texts[place] as string | Uint8Array);
  }

  #writeTexts(writer: SectionWriter): void {
    if (this.field.type === "values") this.#values.write(writer);
    else this.#texts.write(writer);
  }
}

/** One place for each record, 0 where it has no value. */
function spread(halves: Uint32Array, places: Int32Array): Uint32Array {
  const made = new Uint32Array(places.length);
  for (let at = 0; at < made.length; at++) if (places[at]! >= 0) made[at] = halves[places[at]!]!;
  return made;
}

function writeFloats(writer: SectionWriter, words: Words64): void {
  const bytes = Buffer.allocUnsafe(words.length * 8);
  for (let index = 0; index < words.length; index++) {
    bytes.writeUInt32LE(words.lo[index]!, index * 8);
    bytes.writeUInt32LE(words.hi[index]!, index * 8 + 4);
  }
  writer.stream(bytes);
}

/** Bit i (low bits first) is set if record i has the value. */
function bitmapWithout(missing: readonly number[], count: number): Buffer {
  const bits = Buffer.alloc((count + 7) >> 3, 0xff);
  for (const index of missing) bits[index >> 3]! &= ~(1 << (index & 7));
  if (count & 7) bits[bits.length - 1]! &= (1 << (count & 7)) - 1;
  return bits;
}
