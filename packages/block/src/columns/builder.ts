import type { Field, Kind, Table } from "@wayward/record";
import { writeInts, zigzag } from "../coding/ints.ts";
import { TextBuilder, ValuesBuilder } from "../coding/texts.ts";
import type { SectionWriter } from "../section.ts";
import { FIELDS_AT, FLAG, type Scalar, type Stage } from "../stage.ts";
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

/** What a kind's fields are gathered from. */
interface Source {
  readonly words: Uint32Array;
  readonly texts: readonly unknown[];
  /** For each record the word of its next field. */
  readonly at: Uint32Array;
  /** Which of 32 fields each record has; undefined where all have all. */
  readonly masks: Uint32Array | undefined;
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

  /** Takes this field of all records; `bit` is its place in the masks. */
  gather(source: Source, bit: number): void {
    if (this.shape === SHAPE.one) this.#gatherOne(source, bit);
    else if (this.shape === SHAPE.two) this.#gatherTwo(source, bit);
    else if (this.shape === SHAPE.text) this.#gatherTexts(source, bit);
    else passOver(source, bit);
  }

  /** A value as a number of at least 0. A negative duration counts as 0, as a clock that steps back does. */
  measured(place: number): number {
    const high = this.words.hi[place]!;
    if (high >= 0x8000_0000 && isSigned(this.field)) return 0;
    return this.words.lo[place]! + high * 0x1_0000_0000;
  }

  /** For each record the place of its value, or -1; undefined where every record has one. */
  places(count: number): Int32Array | undefined {
    if (this.missing.length === 0) return undefined;
    const places = new Int32Array(count);
    for (const record of this.missing) places[record] = -1;
    let next = 0;
    for (let record = 0; record < count; record++) if (places[record] === 0) places[record] = next++;
    return places;
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

  #gatherOne({ words, at, masks, count }: Source, bit: number): void {
    const isRef = this.field.type === "ref";
    this.words.resize(count);
    const { lo } = this.words;
    if (masks === undefined) {
      for (let record = 0; record < count; record++) lo[record] = words[at[record]!++]!;
      return;
    }
    let length = 0;
    for (let record = 0; record < count; record++) {
      if ((masks[record]! >>> bit) & 1) lo[length++] = words[at[record]!++]!;
      else if (isRef) lo[length++] = 0;
      else this.missing.push(record);
    }
    this.words.length = length;
  }

  #gatherTwo({ words, at, masks, count }: Source, bit: number): void {
    this.words.resize(count);
    const { lo, hi } = this.words;
    let length = 0;
    for (let record = 0; record < count; record++) {
      if (masks !== undefined && ((masks[record]! >>> bit) & 1) === 0) {
        this.missing.push(record);
        continue;
      }
      const from = at[record]!;
      lo[length] = words[from]!;
      hi[length++] = words[from + 1]!;
      at[record] = from + 2;
    }
    this.words.length = length;
  }

  #gatherTexts({ words, texts, at, masks, count }: Source, bit: number): void {
    const isList = this.field.type === "values";
    for (let record = 0; record < count; record++) {
      if (masks !== undefined && ((masks[record]! >>> bit) & 1) === 0) {
        this.missing.push(record);
        continue;
      }
      const value = texts[words[at[record]!++]!];
      if (isList) this.#values.push(value as readonly Scalar[]);
      else this.#texts.push(value as string | Uint8Array);
    }
  }

  #writeTexts(writer: SectionWriter): void {
    if (this.field.type === "values") this.#values.write(writer);
    else this.#texts.write(writer);
  }
}

/** Objects stand in the block's own column; their words are passed over. */
function passOver({ at, masks, count }: Source, bit: number): void {
  for (let record = 0; record < count; record++) {
    if (masks === undefined || (masks[record]! >>> bit) & 1) at[record]!++;
  }
}

/** Gathers the records of one kind: first where they stand, then column by column. */
export class KindBuilder {
  readonly number: number;
  readonly kind: Kind;
  readonly fields: readonly FieldBuilder[];
  readonly sites = new Words64();
  readonly stacks = new Words64();
  readonly parents = new Words64();
  /** Trace and span ids, 24 bytes each, of the records that have them. */
  readonly #correlations: number[] = [];
  readonly #correlated: number[] = [];
  /** How many of the fields go into the block's column of objects. */
  readonly objects: number;
  /** Place among the block's kinds, or -1 before its first record. */
  slot = -1;
  count = 0;
  /** Flags that any of the records has. */
  #flags = 0;
  /** Words at which the records begin; more places than records. */
  #offsets = new Uint32Array(64);

  constructor(number: number, kind: Kind) {
    this.number = number;
    this.kind = kind;
    this.fields = kind.fields.map((field) => new FieldBuilder(field));
    this.objects = kind.fields.filter(isObject).length;
  }

  clear(): void {
    this.slot = -1;
    this.count = 0;
    this.#flags = 0;
    this.sites.length = 0;
    this.stacks.length = 0;
    this.parents.length = 0;
    this.#correlations.length = 0;
    this.#correlated.length = 0;
    for (const field of this.fields) field.clear();
  }

  /** Notes the record that begins at word `at`. */
  add(at: number, flags: number): void {
    if (this.count === this.#offsets.length) {
      const larger = new Uint32Array(this.count * 2);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[this.count++] = at;
    this.#flags |= flags;
  }

  /** Takes all columns of the noted records. Says what they refer to by `use`. */
  gather({ words, texts }: Stage, use: (table: Table, id: number) => void): void {
    const { count, fields } = this;
    const offsets = this.#offsets;
    this.#common(words, use);
    const at = offsets;
    let masks: Uint32Array | undefined = this.#flags & FLAG.absent ? new Uint32Array(count) : undefined;
    let later: Uint32Array | undefined;
    if (masks !== undefined && fields.length > 32) later = new Uint32Array(count);
    for (let record = 0; record < count; record++) {
      const from = offsets[record]!;
      const flags = words[from]! >>> 24;
      let next = from + FIELDS_AT[flags & 31]!;
      if (masks !== undefined) {
        masks[record] = flags & FLAG.absent ? words[next++]! : 0xffff_ffff;
        if (later !== undefined) later[record] = flags & FLAG.absent ? words[next++]! : 0xffff_ffff;
      }
      at[record] = next;
    }
    for (const [index, field] of fields.entries()) {
      if (index === 32) masks = later;
      field.gather({ words, texts, at, masks, count }, index & 31);
      const { table } = field.field;
      if (table !== undefined && field.shape === SHAPE.one) useEach(field.words, table, use);
    }
  }

  /** Sites, stacks, parents and correlations. */
  #common(words: Uint32Array, use: (table: Table, id: number) => void): void {
    const { count } = this;
    const offsets = this.#offsets;
    for (const [flag, column] of [
      [FLAG.site, this.sites],
      [FLAG.stack, this.stacks],
    ] as const) {
      if ((this.#flags & flag) === 0) continue;
      column.resize(count);
      const { lo } = column;
      for (let record = 0; record < count; record++) {
        const from = offsets[record]!;
        const flags = words[from]! >>> 24;
        lo[record] = flags & flag ? words[from + FIELDS_AT[flags & (flag - 1)]!]! : 0;
      }
      useEach(column, flag === FLAG.site ? "site" : "stack", use);
    }
    if (this.#flags & (FLAG.parent | FLAG.correlation)) this.#links(words);
  }

  /** Parents and correlations: few records have them. */
  #links(words: Uint32Array): void {
    for (let record = 0; record < this.count; record++) {
      const from = this.#offsets[record]!;
      const flags = words[from]! >>> 24;
      if (flags & FLAG.parent) {
        fill(this.parents, record);
        const at = from + FIELDS_AT[flags & (FLAG.parent - 1)]!;
        // One more than the event number, so that 0 says absence.
        const low = words[at]! + 1;
        this.parents.push(low >>> 0, words[at + 1]! + (low > 0xffffffff ? 1 : 0));
      }
      if (flags & FLAG.correlation) {
        this.#correlated.push(record);
        const at = from + FIELDS_AT[flags & (FLAG.correlation - 1)]!;
        for (let word = 0; word < 6; word++) this.#correlations.push(words[at + word]!);
      }
    }
  }

  /** Which common columns there are as one byte (FLAG's bits), the columns, then those of the fields. */
  write(writer: SectionWriter): void {
    const { sites, stacks, parents, count } = this;
    const correlated = this.#correlated;
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
      writer.stream(Buffer.from(Uint32Array.from(this.#correlations).buffer));
    }
    for (const field of this.fields) field.write(writer, count);
  }
}

/** Says of each id that it is used; runs of one id say it once. */
function useEach({ lo, length }: Words64, table: Table, use: (table: Table, id: number) => void): void {
  let last = 0;
  for (let index = 0; index < length; index++) {
    const id = lo[index]!;
    if (id === last) continue;
    use(table, id);
    last = id;
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
