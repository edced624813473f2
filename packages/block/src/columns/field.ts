import type { Field, Kind } from "@wayward/record";
import { type Ints, passInts, readInts, signed, zeros } from "../coding/ints.ts";
import { passTexts, passValues, readTexts, readValues, type Texts, type Values } from "../coding/texts.ts";
import { LIMITS } from "../limits.ts";
import { type Part, refuse, type SectionReader, type StreamAt } from "../section.ts";
import { FLAG } from "../stage.ts";
import { ABSENT, isObject, isSigned, SPARSE } from "./field-builder.ts";

/**
 * One field of one kind in one block. Values stand by their place among
 * those records of the kind that have one.
 */
export type Column =
  | { readonly shape: "ints"; readonly field: Field; readonly present: Presence; readonly ints: Ints }
  | { readonly shape: "floats"; readonly field: Field; readonly present: Presence; readonly floats: Float64Array }
  | { readonly shape: "texts"; readonly field: Field; readonly present: Presence; readonly texts: Texts }
  | { readonly shape: "values"; readonly field: Field; readonly present: Presence; readonly values: Values };

/** For each record of the kind the place of its value, or -1; undefined where every record has one. */
export type Presence = Int32Array | undefined;

/** All columns of one kind in one block. Records are counted among the kind's own. */
export interface KindColumns {
  readonly kind: Kind;
  readonly count: number;
  /** Site and stack numbers; undefined where no record has one, 0 where this one has none. */
  readonly sites: Uint32Array | undefined;
  readonly stacks: Uint32Array | undefined;
  /** Event number of the enclosing zone's begin, plus one; 0 where there is none. */
  readonly parents: Float64Array | undefined;
  /** 24 bytes of trace and span id at `place × 24`. */
  readonly correlations: { readonly present: Presence; readonly bytes: Uint8Array } | undefined;
  readonly columns: readonly Column[];
  /** Decodes everything. Throws a refusal if a column is damaged. */
  decodeAll(): void;
}

const COMMON = FLAG.site | FLAG.stack | FLAG.parent | FLAG.correlation;

/**
 * One kind's columns, each decoded when it is first looked at. `objects` gives
 * the ids of its object fields, record by record, fields in order. Throws a
 * refusal if the structure is damaged, and later if a column is.
 */
export class LazyKind implements KindColumns {
  readonly kind: Kind;
  readonly count: number;
  readonly columns: readonly Column[];
  readonly #sites: Lazy<Uint32Array> | undefined;
  readonly #stacks: Lazy<Uint32Array> | undefined;
  readonly #parents: Lazy<Float64Array> | undefined;
  readonly #correlations: Lazy<NonNullable<KindColumns["correlations"]>> | undefined;
  readonly #fields: readonly (Lazy<unknown> | undefined)[];

  constructor(reader: SectionReader, kind: Kind, count: number, memory: Memory, objects: () => Uint32Array) {
    this.kind = kind;
    this.count = count;
    const flags = reader.byte();
    if ((flags & ~COMMON) !== 0) throw refuse("BAD_VALUE", `common columns are ${flags}`);
    const ids = (flag: number) =>
      flags & flag ? new Lazy(reader.part(passInts), memory, (from) => readInts(from, count).lo) : undefined;
    this.#sites = ids(FLAG.site);
    this.#stacks = ids(FLAG.stack);
    this.#parents =
      flags & FLAG.parent
        ? new Lazy(reader.part(passInts), memory, (from) => floatsOf(readInts(from, count)))
        : undefined;
    this.#correlations =
      flags & FLAG.correlation
        ? new Lazy(reader.part(passCorrelations), memory, (from) => readCorrelations(from, count))
        : undefined;
    const objectFields = kind.fields.filter(isObject).length;
    let object = 0;
    const made = kind.fields.map((field) => {
      if (!isObject(field)) return lazyField(reader, field, count, memory);
      const which = object++;
      return { column: new ObjectColumn(field, count, objects, objectFields, which), lazy: undefined };
    });
    this.columns = made.map(({ column }) => column);
    this.#fields = made.map(({ lazy }) => lazy);
    reader.end(`columns of ${kind.name}`);
  }

  get sites(): Uint32Array | undefined {
    return this.#sites?.value;
  }

  get stacks(): Uint32Array | undefined {
    return this.#stacks?.value;
  }

  get parents(): Float64Array | undefined {
    return this.#parents?.value;
  }

  get correlations(): KindColumns["correlations"] {
    return this.#correlations?.value;
  }

  decodeAll(): void {
    for (const lazy of [this.#sites, this.#stacks, this.#parents, this.#correlations, ...this.#fields]) lazy?.value;
    for (const column of this.columns) if (column instanceof ObjectColumn) column.ints;
  }
}

/** Bytes of what was decoded of a block. */
export interface Memory {
  bytes: number;
}

/** A part that is decoded once, when it is first asked for. */
class Lazy<T> {
  readonly #decode: (reader: SectionReader) => T;
  #part: Part | undefined;
  #value: T | undefined;
  readonly #memory: Memory;

  constructor(part: Part, memory: Memory, decode: (reader: SectionReader) => T) {
    this.#part = part;
    this.#memory = memory;
    this.#decode = decode;
  }

  get value(): T {
    if (this.#part !== undefined) {
      this.#value = this.#part.read(this.#decode);
      this.#part = undefined;
      this.#memory.bytes += sizeOf(this.#value);
    }
    return this.#value as T;
  }
}

/** Bytes of the arrays in a decoded column. */
function sizeOf(value: unknown): number {
  // What is shared costs nothing. (An unpacked stream has one byte to spare.)
  if (ArrayBuffer.isView(value)) return value.byteLength + 1 < value.buffer.byteLength ? 0 : value.byteLength;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + sizeOf(part), 0);
}

/** Ids of one object field, taken out of the block's column of objects. */
class ObjectColumn {
  readonly shape = "ints";
  readonly field: Field;
  readonly present = undefined;
  readonly #make: () => Ints;
  #ints: Ints | undefined;

  constructor(field: Field, count: number, objects: () => Uint32Array, each: number, which: number) {
    this.field = field;
    this.#make = () => {
      const ids = objects();
      if (each === 1) return { lo: ids, hi: zeros(count) };
      const lo = new Uint32Array(count);
      for (let record = 0; record < count; record++) lo[record] = ids[record * each + which]!;
      return { lo, hi: zeros(count) };
    };
  }

  get ints(): Ints {
    this.#ints ??= this.#make();
    return this.#ints;
  }
}

/** Values of a field and which records have them. */
interface Held<T> {
  readonly present: Presence;
  readonly values: T;
}

class IntsColumn {
  readonly shape = "ints";
  readonly field: Field;
  readonly #held: Lazy<Held<Ints>>;

  constructor(field: Field, held: Lazy<Held<Ints>>) {
    this.field = field;
    this.#held = held;
  }

  get present(): Presence {
    return this.#held.value.present;
  }

  get ints(): Ints {
    return this.#held.value.values;
  }
}

class FloatsColumn {
  readonly shape = "floats";
  readonly field: Field;
  readonly #held: Lazy<Held<Float64Array>>;

  constructor(field: Field, held: Lazy<Held<Float64Array>>) {
    this.field = field;
    this.#held = held;
  }

  get present(): Presence {
    return this.#held.value.present;
  }

  get floats(): Float64Array {
    return this.#held.value.values;
  }
}

class TextsColumn {
  readonly shape = "texts";
  readonly field: Field;
  readonly #held: Lazy<Held<Texts>>;

  constructor(field: Field, held: Lazy<Held<Texts>>) {
    this.field = field;
    this.#held = held;
  }

  get present(): Presence {
    return this.#held.value.present;
  }

  get texts(): Texts {
    return this.#held.value.values;
  }
}

class ValuesColumn {
  readonly shape = "values";
  readonly field: Field;
  readonly #held: Lazy<Held<Values>>;

  constructor(field: Field, held: Lazy<Held<Values>>) {
    this.field = field;
    this.#held = held;
  }

  get present(): Presence {
    return this.#held.value.present;
  }

  get values(): Values {
    return this.#held.value.values;
  }
}

interface LazyField {
  readonly column: Column;
  readonly lazy: Lazy<unknown>;
}

/** Passes over one field's column. */
function lazyField(reader: SectionReader, field: Field, count: number, memory: Memory): LazyField {
  const make = <T>(pass: Pass, read: (from: SectionReader, held: number) => T, none: T) =>
    new Lazy(reader.part(passField(field, pass)), memory, (from) => readHeld(from, count, read, none));
  if (field.type === "values") {
    const lazy = make(passValues, readValues, NO_VALUES);
    return { column: new ValuesColumn(field, lazy), lazy };
  }
  if (field.type === "string" || field.type === "bytes") {
    const lazy = make(passTexts, readTexts, NO_TEXTS);
    return { column: new TextsColumn(field, lazy), lazy };
  }
  if (field.type === "f64") {
    const lazy = make(passStream, readFloats, NO_FLOATS);
    return { column: new FloatsColumn(field, lazy), lazy };
  }
  const lazy = make(passInts, isSigned(field) ? readSigned : readInts, NO_INTS);
  return { column: new IntsColumn(field, lazy), lazy };
}

type Pass = (reader: SectionReader, into: StreamAt[]) => void;

function passField(field: Field, pass: Pass): Pass {
  return (reader, into) => {
    const lead = reader.byte();
    if (lead === SPARSE_EMPTY) return;
    if (lead === SPARSE) into.push(reader.locate());
    else if (lead !== 0) throw refuse("BAD_VALUE", `field ${field.name} begins with ${lead}`);
    pass(reader, into);
  };
}

function readHeld<T>(
  reader: SectionReader,
  count: number,
  read: (from: SectionReader, held: number) => T,
  none: T,
): Held<T> {
  const lead = reader.byte();
  if (lead === 0) return { present: undefined, values: read(reader, count) };
  if (lead === SPARSE_EMPTY) return { present: NOWHERE.subarray(0, count), values: none };
  const present = readPresence(reader.stream(), count);
  const held = present.reduce((sum, place) => sum + (place >= 0 ? 1 : 0), 0);
  return { present, values: read(reader, held) };
}

function readSigned(reader: SectionReader, count: number): Ints {
  return signed(readInts(reader, count), reader.buffers);
}

function passStream(reader: SectionReader, into: StreamAt[]): void {
  into.push(reader.locate());
}

function passCorrelations(reader: SectionReader, into: StreamAt[]): void {
  into.push(reader.locate(), reader.locate());
}

/** Where no record has a value; shared by all such columns. */
const NOWHERE = new Int32Array(LIMITS.records).fill(-1);
/** Lead byte of a field that no record has. */
const SPARSE_EMPTY = SPARSE | ABSENT;
const NO_INTS: Ints = { lo: new Uint32Array(0), hi: new Uint32Array(0) };
const NO_FLOATS = new Float64Array(0);
const NO_TEXTS: Texts = { bytes: Buffer.alloc(0), starts: new Uint32Array(1), cut: new Map() };
const NO_VALUES: Values = {
  starts: new Uint32Array(1),
  tags: new Uint8Array(0),
  places: new Uint32Array(0),
  ints: NO_INTS,
  floats: NO_FLOATS,
  texts: NO_TEXTS,
};

function readCorrelations(reader: SectionReader, count: number) {
  const present = readPresence(reader.stream(), count);
  const bytes = reader.stream();
  const held = present.reduce((sum, place) => sum + (place >= 0 ? 1 : 0), 0);
  if (bytes.length !== held * 24) throw refuse("BAD_VALUE", `${bytes.length} bytes of ${held} correlations`);
  return { present, bytes };
}

function readPresence(bits: Uint8Array, count: number): Int32Array {
  if (bits.length !== (count + 7) >> 3) throw refuse("BAD_VALUE", `${bits.length} bytes of presence for ${count}`);
  const present = new Int32Array(count);
  let place = 0;
  for (let record = 0; record < count; record++) {
    present[record] = bits[record >> 3]! & (1 << (record & 7)) ? place++ : -1;
  }
  return present;
}

function readFloats(reader: SectionReader, count: number): Float64Array {
  const bytes = reader.stream();
  if (bytes.length !== count * 8) throw refuse("BAD_VALUE", `${bytes.length} bytes of ${count} floats`);
  const floats = new Float64Array(count);
  new Uint8Array(floats.buffer).set(bytes);
  return floats;
}

function floatsOf({ lo, hi }: Ints): Float64Array {
  return Float64Array.from(lo, (low, index) => low + hi[index]! * 0x1_0000_0000);
}
