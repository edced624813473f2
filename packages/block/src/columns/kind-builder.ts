import type { Kind } from "@wayward/record";
import { writeInts } from "../coding/ints.ts";
import type { DictionaryWriter } from "../dictionary/writer.ts";
import type { SectionWriter } from "../section.ts";
import { FIELDS_AT, FLAG, type Stage } from "../stage.ts";
import { Words64 } from "../words.ts";
import { FieldBuilder, type FieldSource, SHAPE } from "./field-builder.ts";
import type { KindLayout } from "./kind-order.ts";
import { Masks } from "./masks.ts";

/** Gathers the records of one kind, column by column. */
export class KindBuilder {
  readonly number: number;
  readonly kind: Kind;
  readonly fields: readonly FieldBuilder[];
  /** Those of the fields that go into the block's column of objects. */
  readonly objects: readonly FieldBuilder[];
  readonly sites = new Words64();
  readonly stacks = new Words64();
  readonly parents = new Words64();
  /** Trace and span ids, 24 bytes each, of the records that have them. */
  readonly #correlations: number[] = [];
  readonly #correlated: number[] = [];
  count = 0;

  constructor(number: number, kind: Kind) {
    this.number = number;
    this.kind = kind;
    this.fields = kind.fields.map((field) => new FieldBuilder(field));
    this.objects = this.fields.filter(({ shape }) => shape === SHAPE.object);
  }

  clear(): void {
    this.count = 0;
    this.sites.length = 0;
    this.stacks.length = 0;
    this.parents.length = 0;
    this.#correlations.length = 0;
    this.#correlated.length = 0;
    for (const field of this.fields) field.clear();
  }

  /** Takes all columns of the records that begin at words `at`. What they refer to is used in `dictionary`. */
  gather({ words, texts, args }: Stage, at: Uint32Array, layout: KindLayout, dictionary: DictionaryWriter): void {
    const { fields } = this;
    const count = at.length;
    this.count = count;
    const flags = layout.any >>> 24;
    this.#ids(this.sites, FLAG.site, words, at, layout);
    this.#ids(this.stacks, FLAG.stack, words, at, layout);
    dictionary.useAll("site", this.sites.lo, this.sites.length);
    dictionary.useAll("stack", this.stacks.lo, this.stacks.length);
    if (flags & (FLAG.parent | FLAG.correlation)) this.#links(words, at);
    const alike = layout.any === layout.all;
    const masks = flags & FLAG.absent ? new Masks(words, at, fields.length > 32, alike ? flags : undefined) : undefined;
    const source = { words, texts, args, at, count };
    if (alike && masks?.alike !== false) this.#gatherAlike(source, flags, masks);
    else this.#gatherVaried(source, masks);
    for (const { field, shape, words: ids } of fields) {
      if (field.table !== undefined && shape === SHAPE.one) dictionary.useAll(field.table, ids.lo, ids.length);
    }
  }

  /** All records have the same fields: each stands equally far from its record's begin. */
  #gatherAlike(source: FieldSource, flags: number, masks: Masks | undefined): void {
    const maskWords = this.fields.length > 32 ? 2 : 1;
    let distance = FIELDS_AT[flags & 31]! + (masks === undefined ? 0 : maskWords);
    for (const [index, field] of this.fields.entries()) {
      if (masks?.isAbsent(index)) field.leaveOut(source.count);
      else {
        field.gatherAlike(source, distance);
        distance += field.width;
      }
    }
  }

  /** Each record has fields of its own: the places of the next ones go from field to field. */
  #gatherVaried(source: FieldSource, masks: Masks | undefined): void {
    const next = { ...source, at: this.#fieldsAt(source) };
    let list: Uint32Array | undefined;
    for (const [index, field] of this.fields.entries()) {
      if ((index & 31) === 0) list = masks?.from(index);
      if (masks?.isAbsent(index)) field.leaveOut(source.count);
      else field.gatherVaried(next, list, index & 31);
    }
  }

  /** Words at which the records' fields begin. */
  #fieldsAt({ words, at }: FieldSource): Uint32Array {
    const maskWords = this.fields.length > 32 ? 2 : 1;
    return Uint32Array.from(at, (from) => {
      const flags = words[from]! >>> 24;
      return from + FIELDS_AT[flags & 31]! + (flags & FLAG.absent ? maskWords : 0);
    });
  }

  /** Sites or stacks: 0 for records without. */
  #ids(column: Words64, flag: number, words: Uint32Array, at: Uint32Array, { any, all }: KindLayout): void {
    if (((any >>> 24) & flag) === 0) return;
    column.resize(at.length);
    const { lo } = column;
    if (any === all) {
      const distance = FIELDS_AT[(any >>> 24) & (flag - 1)]!;
      for (let record = 0; record < at.length; record++) lo[record] = words[at[record]! + distance]!;
      return;
    }
    for (let record = 0; record < at.length; record++) {
      const from = at[record]!;
      const flags = words[from]! >>> 24;
      lo[record] = flags & flag ? words[from + FIELDS_AT[flags & (flag - 1)]!]! : 0;
    }
  }

  /** Parents and correlations: few records have them. */
  #links(words: Uint32Array, offsets: Uint32Array): void {
    for (let record = 0; record < this.count; record++) {
      const from = offsets[record]!;
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
      writeInts(writer, column, column !== parents);
    }
    if (correlated.length > 0) {
      writer.stream(bitmapOf(correlated, count));
      writer.stream(Buffer.from(Uint32Array.from(this.#correlations).buffer));
    }
    for (const field of this.fields) field.write(writer, count);
  }
}

/** Zeros up to `count`: records that lack what others of the kind have. */
function fill(column: Words64, count: number): void {
  while (column.length < count) column.push(0, 0);
}

function bitmapOf(indexes: readonly number[], count: number): Buffer {
  const bits = Buffer.alloc((count + 7) >> 3);
  for (const index of indexes) bits[index >> 3]! |= 1 << (index & 7);
  return bits;
}
