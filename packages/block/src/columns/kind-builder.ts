import type { Kind, Table } from "@wayward/record";
import { writeInts } from "../coding/ints.ts";
import type { SectionWriter } from "../section.ts";
import { FIELDS_AT, FLAG, type Stage } from "../stage.ts";
import { Words64 } from "../words.ts";
import { FieldBuilder, isObject, SHAPE } from "./field-builder.ts";

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

function bitmapOf(indexes: readonly number[], count: number): Buffer {
  const bits = Buffer.alloc((count + 7) >> 3);
  for (const index of indexes) bits[index >> 3]! |= 1 << (index & 7);
  return bits;
}
