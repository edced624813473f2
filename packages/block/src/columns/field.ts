import type { Field, Kind } from "@wayward/record";
import { type Ints, readInts, unzigzag } from "../coding/ints.ts";
import { readTexts, readValues, type Texts, type Values } from "../coding/texts.ts";
import { refuse, type SectionReader } from "../section.ts";
import { FLAG } from "../stage.ts";
import { ABSENT, isObject, isSigned, SPARSE } from "./builder.ts";

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
}

const COMMON = FLAG.site | FLAG.stack | FLAG.parent | FLAG.correlation;

/**
 * Decodes one kind's columns. `objects` are the ids of its object fields,
 * record by record, fields in order. Throws a refusal.
 */
export function readKind(reader: SectionReader, kind: Kind, count: number, objects: Uint32Array): KindColumns {
  const flags = reader.byte();
  if ((flags & ~COMMON) !== 0) throw refuse("BAD_VALUE", `common columns are ${flags}`);
  const sites = flags & FLAG.site ? readInts(reader, count).lo : undefined;
  const stacks = flags & FLAG.stack ? readInts(reader, count).lo : undefined;
  const parents = flags & FLAG.parent ? floatsOf(readInts(reader, count)) : undefined;
  const correlations = flags & FLAG.correlation ? readCorrelations(reader, count) : undefined;
  const objectFields = kind.fields.filter(isObject).length;
  let object = 0;
  const columns = kind.fields.map((field): Column => {
    if (isObject(field)) return objectColumn(field, count, objects, objectFields, object++);
    return readField(reader, field, count);
  });
  reader.end(`columns of ${kind.name}`);
  return { kind, count, sites, stacks, parents, correlations, columns };
}

function readField(reader: SectionReader, field: Field, count: number): Column {
  const lead = reader.byte();
  let present: Presence;
  let held = count;
  if (lead === SPARSE_EMPTY) {
    present = new Int32Array(count).fill(-1);
    held = 0;
  } else if (lead === SPARSE) {
    present = readPresence(reader.stream(), count);
    held = present.reduce((sum, place) => sum + (place >= 0 ? 1 : 0), 0);
  } else if (lead !== 0) throw refuse("BAD_VALUE", `field ${field.name} begins with ${lead}`);
  const empty = lead === SPARSE_EMPTY;
  if (field.type === "values") {
    return { shape: "values", field, present, values: empty ? NO_VALUES : readValues(reader, held) };
  }
  if (field.type === "string" || field.type === "bytes") {
    return { shape: "texts", field, present, texts: empty ? NO_TEXTS : readTexts(reader, held) };
  }
  if (field.type === "f64")
    return { shape: "floats", field, present, floats: empty ? NO_FLOATS : readFloats(reader, held) };
  const ints = empty ? { lo: new Uint32Array(0), hi: new Uint32Array(0) } : readInts(reader, held);
  if (isSigned(field)) unzigzag(ints);
  return { shape: "ints", field, present, ints };
}

/** Lead byte of a field that no record has. */
const SPARSE_EMPTY = SPARSE | ABSENT;
const NO_FLOATS = new Float64Array(0);
const NO_TEXTS: Texts = { bytes: Buffer.alloc(0), starts: new Uint32Array(1), cut: new Map() };
const NO_VALUES: Values = {
  starts: new Uint32Array(1),
  tags: new Uint8Array(0),
  places: new Uint32Array(0),
  ints: { lo: new Uint32Array(0), hi: new Uint32Array(0) },
  floats: NO_FLOATS,
  texts: NO_TEXTS,
};

function objectColumn(field: Field, count: number, objects: Uint32Array, each: number, which: number): Column {
  const lo = new Uint32Array(count);
  for (let record = 0; record < count; record++) lo[record] = objects[record * each + which]!;
  return { shape: "ints", field, present: undefined, ints: { lo, hi: new Uint32Array(count) } };
}

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
