import type { Field, Kind } from "@wayward/record";
import { writeInts, zigzag } from "../coding/ints.ts";
import { TextBuilder, ValuesBuilder } from "../coding/texts.ts";
import type { SectionWriter } from "../section.ts";
import { FLAG, type Scalar } from "../stage.ts";
import { Words64 } from "../words.ts";

/** How a field's words become a column. */
export const SHAPE = { one: 0, two: 1, text: 2, object: 3 } as const;

/** A column says by this bit of its coding byte that some records lack the value; a bitmap stream comes first. */
export const SPARSE = 0x80;

/** With SPARSE: no record has the value, and nothing follows. */
export const ABSENT = 0x40;

/** True for the fields whose ids go into the block's one column of objects. */
export function isObject(field: Field): boolean {
  return field.type === "ref" && field.table === "object" && field.role === "object";
}

/** True for the types that may be negative. */
export function isSigned(field: Field): boolean {
  return field.type === "i64" || field.type === "duration";
}

/** Gathers one field of one kind. */
export class FieldBuilder {
  readonly field: Field;
  readonly shape: number;
  readonly words = new Words64();
  readonly #texts = new TextBuilder();
  readonly #values = new ValuesBuilder();
  /** Records of the kind that lack the value, by position among its records. */
  readonly missing: number[] = [];

  constructor(field: Field) {
    this.field = field;
    if (isObject(field)) this.shape = SHAPE.object;
    else if (field.type === "string" || field.type === "bytes" || field.type === "values") this.shape = SHAPE.text;
    else if (field.type === "bool" || field.type === "enum" || field.type === "ref") this.shape = SHAPE.one;
    else this.shape = SHAPE.two;
  }

  clear(): void {
    this.words.length = 0;
    this.#texts.clear();
    this.#values.clear();
    this.missing.length = 0;
  }

  /** Record `place` of the kind lacks the value; a reference says so by 0. */
  skip(place: number): void {
    if (this.field.type === "ref") this.words.push(0, 0);
    else this.missing.push(place);
  }

  text(value: unknown): void {
    if (this.field.type === "values") this.#values.push(value as readonly Scalar[]);
    else this.#texts.push(value as string | Uint8Array);
  }

  /** Writes the column for `count` records of the kind. Columns of objects are the block's. */
  write(writer: SectionWriter, count: number): void {
    if (this.shape === SHAPE.object) return;
    if (this.missing.length === count) {
      writer.byte(SPARSE | ABSENT);
      return;
    }
    if (this.missing.length > 0) {
      writer.byte(SPARSE);
      writer.stream(bitmapWithout(this.missing, count));
    } else writer.byte(0);
    if (this.shape === SHAPE.text) this.#writeTexts(writer);
    else if (this.field.type === "f64") writeFloats(writer, this.words);
    else {
      if (isSigned(this.field)) zigzag(this.words);
      writeInts(writer, this.words);
    }
  }

  #writeTexts(writer: SectionWriter): void {
    if (this.field.type === "values") this.#values.write(writer);
    else this.#texts.write(writer);
  }
}

/** Gathers the records of one kind. */
export class KindBuilder {
  readonly number: number;
  readonly kind: Kind;
  readonly fields: readonly FieldBuilder[];
  readonly sites = new Words64();
  readonly stacks = new Words64();
  readonly parents = new Words64();
  /** Trace and span ids, 24 bytes each, of the records that have them. */
  readonly correlations: number[] = [];
  readonly correlated: number[] = [];
  /** How many of the fields go into the block's column of objects. */
  readonly objects: number;
  /** Place among the block's kinds, or -1 before its first record. */
  slot = -1;
  count = 0;

  constructor(number: number, kind: Kind) {
    this.number = number;
    this.kind = kind;
    this.fields = kind.fields.map((field) => new FieldBuilder(field));
    this.objects = kind.fields.filter(isObject).length;
  }

  clear(): void {
    this.slot = -1;
    this.count = 0;
    this.sites.length = 0;
    this.stacks.length = 0;
    this.parents.length = 0;
    this.correlations.length = 0;
    this.correlated.length = 0;
    for (const field of this.fields) field.clear();
  }

  /** Gathers the words between head and fields; tells where the fields' words begin. */
  common(words: Uint32Array, at: number, flags: number): number {
    if (flags & FLAG.site) {
      fill(this.sites, this.count);
      this.sites.push(words[at++]!, 0);
    }
    if (flags & FLAG.stack) {
      fill(this.stacks, this.count);
      this.stacks.push(words[at++]!, 0);
    }
    if (flags & FLAG.parent) {
      fill(this.parents, this.count);
      // One more than the event number, so that 0 says absence.
      const low = words[at++]! + 1;
      this.parents.push(low >>> 0, words[at++]! + (low > 0xffffffff ? 1 : 0));
    }
    if (flags & FLAG.correlation) {
      this.correlated.push(this.count);
      for (let word = 0; word < 6; word++) this.correlations.push(words[at++]!);
    }
    return at;
  }

  /** Which common columns there are as one byte (FLAG's bits), the columns, then those of the fields. */
  write(writer: SectionWriter): void {
    const { sites, stacks, parents, correlated, count } = this;
    writer.byte(
      (sites.length && FLAG.site) |
        (stacks.length && FLAG.stack) |
        (parents.length && FLAG.parent) |
        (correlated.length && FLAG.correlation),
    );
    for (const column of [sites, stacks, parents]) {
      if (column.length === 0) continue;
      fill(column, count);
      writeInts(writer, column);
    }
    if (correlated.length > 0) {
      writer.stream(bitmapOf(correlated, count));
      writer.stream(Buffer.from(Uint32Array.from(this.correlations).buffer));
    }
    for (const field of this.fields) field.write(writer, count);
  }
}

/** Zeros up to `count`: records that lack what others of the kind have. */
function fill(column: Words64, count: number): void {
  while (column.length < count) column.push(0, 0);
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

function bitmapOf(indexes: readonly number[], count: number): Buffer {
  const bits = Buffer.alloc((count + 7) >> 3);
  for (const index of indexes) bits[index >> 3]! |= 1 << (index & 7);
  return bits;
}
