import type { Kind } from "@wayward/record";
import { type Buffers, OWN_BUFFERS } from "../coding/buffers.ts";
import { type Ints, isNothing, passInts, readInts } from "../coding/ints.ts";
import { LIMITS } from "../limits.ts";
import { type Budget, type Part, refuse, SectionReader } from "../section.ts";
import { type KindColumns, LazyKind, type Memory } from "./field.ts";
import { decodeRanks, passRanks, readRanks } from "./rank.ts";

/** One kind's share of a block. */
export interface KindRun {
  /** Number in the dictionary. */
  readonly number: number;
  readonly count: number;
  /** How many of its fields stand in the block's column of objects. */
  readonly objects: number;
  /** Its columns, not decoded. */
  readonly bytes: Uint8Array;
}

/** One lane's share of a block: records `from` to `from + count - 1`. */
export interface LaneRun {
  readonly lane: number;
  readonly from: number;
  readonly count: number;
  readonly firstEventNo: number;
}

/**
 * The columns section of a block. Opening it reads its structure, kinds and
 * lanes; every column is decoded when asked for, and kept.
 */
export class Columns {
  readonly count: number;
  readonly kinds: readonly KindRun[];
  readonly lanes: readonly LaneRun[];
  /** True where no lane misses a number, so that each counts on from its first. */
  readonly dense: boolean;
  readonly #budget: Budget;
  readonly #buffers: Buffers;
  readonly #laneTimes: Ints;
  readonly #slotsPart: Part;
  readonly #stepsPart: Part;
  readonly #ranksPart: Part;
  readonly #holes: () => { readonly at: Uint32Array; readonly missing: Ints };
  readonly #kindColumns = new Map<number, KindColumns>();
  readonly #memory: Memory = { bytes: 0 };
  #slots: Uint32Array | undefined;
  #steps: Ints | undefined;
  #times: BigUint64Array | undefined;
  #objectIds: Uint32Array | undefined;
  #objects: Uint32Array[] | undefined;
  #places: Uint32Array[] | undefined;
  #placeOf: Uint32Array | undefined;

  /** Throws a refusal if the section is damaged in what all kinds share. Columns are decoded into the buffers. */
  constructor(section: Uint8Array, count: number, budget: Budget, buffers: Buffers = OWN_BUFFERS) {
    if (count > LIMITS.records) throw refuse("TOO_LARGE", `${count} records, at most ${LIMITS.records}`);
    this.count = count;
    this.#budget = budget;
    this.#buffers = buffers;
    const reader = new SectionReader(section, budget, buffers);
    const heads = readKindHeads(reader, count);
    const lanes = reader.varint();
    if (lanes > count) throw refuse("BAD_VALUE", `${lanes} lanes of ${count} records`);
    const [ids, counts, firsts] = [readInts(reader, lanes), readInts(reader, lanes), readInts(reader, lanes)];
    this.#laneTimes = readInts(reader, lanes);
    this.lanes = laneRuns(ids, counts, firsts, count);
    this.#slotsPart = reader.part(passInts);
    const holes = reader.varint();
    if (holes > count) throw refuse("BAD_VALUE", `${holes} holes in the numbers of ${count} records`);
    this.dense = holes === 0;
    this.#holes = readHoles(reader, holes);
    this.#stepsPart = reader.part(passInts);
    this.#ranksPart = reader.part(passRanks);
    this.kinds = heads.map((head) => ({ ...head, bytes: reader.raw(reader.u32()) }));
    reader.end("columns");
  }

  /** Bytes that what is decoded takes, roughly. */
  get memory(): number {
    const { count } = this;
    const times = this.#times ? 8 : this.#steps ? 4 : 0;
    const places = (this.#slots ? 4 : 0) + (this.#placeOf ? 4 : 0) + (this.#places ? 4 : 0);
    const objects = (this.#objectIds ? 4 : 0) + (this.#objects ? 8 : 0);
    return this.#memory.bytes + (times + places + objects) * count;
  }

  /** For each record the place of its kind in `kinds`. Throws a refusal if they do not add up. */
  get slots(): Uint32Array {
    this.#slots ??= this.#readSlots();
    return this.#slots;
  }

  /** Times in nanoseconds of the session's clock, one for each record. */
  get times(): BigUint64Array {
    this.#times ??= this.#sumTimes();
    this.#steps = undefined;
    return this.#times;
  }

  /** Times since `start` as numbers: exact for sessions up to 104 days. What was before it counts as 0. */
  timesSince(start: bigint, times: Float64Array = new Float64Array(this.count)): Float64Array {
    const startLo = Number(start & 0xffffffffn);
    const startHi = Number(start >> 32n);
    if (this.isRising()) {
      const { lo: steps } = this.#readSteps();
      for (const [lane, run] of this.lanes.entries()) {
        const first = (this.#laneTimes.hi[lane]! - startHi) * 0x1_0000_0000 + (this.#laneTimes.lo[lane]! - startLo);
        sumShort(steps, run, first, times);
      }
      return times;
    }
    const words = new Uint32Array(this.times.buffer);
    for (let index = 0; index < this.count; index++) {
      const time = (words[index * 2 + 1]! - startHi) * 0x1_0000_0000 + (words[index * 2]! - startLo);
      times[index] = time < 0 ? 0 : time;
    }
    return times;
  }

  /** True if all lanes' clocks only go on, by less than 2^32 ns at a time, and reach no 64th bit; false says nothing once `times` was read. */
  isRising(): boolean {
    return (
      this.#times === undefined && isNothing(this.#readSteps().hi) && this.#laneTimes.hi.every((hi) => hi < 1 << 30)
    );
  }

  #readSteps(): Ints {
    this.#steps ??= this.#stepsPart.read((reader) => readInts(reader, this.count));
    return this.#steps;
  }

  /** For each record how many its lane attempted before it. */
  eventNos(): Float64Array {
    const numbers = new Float64Array(this.count);
    const { at, missing } = this.#holes();
    let hole = 0;
    for (const { from, count, firstEventNo } of this.lanes) {
      let next = firstEventNo;
      for (let index = from; index < from + count; index++) {
        if (at[hole] === index) {
          next += missing.lo[hole]! + missing.hi[hole]! * 0x1_0000_0000;
          hole++;
        }
        numbers[index] = next++;
      }
    }
    return numbers;
  }

  /** For each record its place among those of its kind. */
  get placeOf(): Uint32Array {
    if (this.#placeOf !== undefined) return this.#placeOf;
    this.#placeOf = placesOf(this.slots, this.kinds.length, this.#buffers.words(this.count));
    return this.#placeOf;
  }

  /** Positions of the records of the kind in this slot, rising. */
  records(slot: number): Uint32Array {
    this.#places ??= this.#listRecords();
    return this.#places[slot]!;
  }

  /** The columns of the kind in this slot, to be decoded one by one. Throws a refusal if they do not fit the kind. */
  columns(slot: number, kind: Kind): KindColumns {
    const known = this.#kindColumns.get(slot);
    if (known !== undefined) return known;
    const { bytes, count } = this.kinds[slot]!;
    const reader = new SectionReader(bytes, this.#budget, this.#buffers);
    const made = new LazyKind(reader, kind, count, this.#memory, () => this.#objectsOf(slot));
    this.#kindColumns.set(slot, made);
    return made;
  }

  /** Decodes what all kinds share. Throws a refusal if it is damaged. */
  decodeShared(): void {
    this.eventNos();
    this.#objects ??= this.#splitObjects();
  }

  /** The object fields of all records, in order of records and then of fields: as many of each as its kind has. */
  get objectIds(): Uint32Array {
    this.#objectIds ??= this.#readObjects();
    return this.#objectIds;
  }

  #objectsOf(slot: number): Uint32Array {
    this.#objects ??= this.#splitObjects();
    return this.#objects[slot]!;
  }

  #readObjects(): Uint32Array {
    const ranks = this.#ranksPart.read(readRanks);
    const { slots } = this;
    const each = this.#objectsEach();
    const laneEnds: number[] = [];
    let total = 0;
    const isOneEach = each.every((objects) => objects === 1);
    for (const lane of this.lanes) {
      total += isOneEach ? lane.count : countObjects(slots, lane, each);
      laneEnds.push(total);
    }
    if (total !== ranks.ranks.length) {
      throw refuse("BAD_VALUE", `${ranks.ranks.length} objects where ${total} belong`);
    }
    const ids = this.#buffers.words(total);
    decodeRanks(ranks, laneEnds, ids);
    return ids;
  }

  #objectsEach(): Uint8Array {
    return Uint8Array.from(this.kinds, (kind) => kind.objects);
  }

  #splitObjects(): Uint32Array[] {
    const { objectIds: ids, slots } = this;
    const each = this.#objectsEach();
    const split = this.kinds.map((kind) => this.#buffers.words(kind.count * kind.objects));
    const next = new Uint32Array(split.length);
    let from = 0;
    for (const run of this.lanes) from = splitLane(slots, run, each, ids, from, split, next);
    return split;
  }

  #listRecords(): Uint32Array[] {
    const lists = this.kinds.map((kind) => new Uint32Array(kind.count));
    const next = new Uint32Array(lists.length);
    for (let index = 0; index < this.count; index++) {
      const slot = this.slots[index]!;
      lists[slot]![next[slot]!++] = index;
    }
    return lists;
  }

  /** Every slot names a kind, and each kind has as many records as it says. */
  #readSlots(): Uint32Array {
    const slots = this.#slotsPart.read((reader) => readInts(reader, this.count).lo);
    const left = Uint32Array.from(this.kinds, (kind) => kind.count);
    const wrong = countDown(slots, left);
    if (wrong >= 0) throw refuse("BAD_VALUE", `a record is of kind ${slots[wrong]} of the block`);
    return slots;
  }

  #sumTimes(): BigUint64Array {
    const times = new BigUint64Array(this.count);
    const words = new Uint32Array(times.buffer);
    const steps = this.#readSteps();
    for (const [lane, { from, count }] of this.lanes.entries()) {
      let lo = this.#laneTimes.lo[lane]!;
      let hi = this.#laneTimes.hi[lane]!;
      for (let index = from; index < from + count; index++) {
        const sum = lo + steps.lo[index]!;
        hi = (hi + steps.hi[index]! + (sum > 0xffffffff ? 1 : 0)) >>> 0;
        lo = sum >>> 0;
        words[index * 2] = lo;
        words[index * 2 + 1] = hi;
      }
    }
    return times;
  }
}

/*
 * Loops over a block's records stand in functions of their own, by lane where
 * that can be: V8 leaves what it has compiled of a loop while it ran at what
 * follows behind the loop, again in each block. What it compiles first asks
 * an array for its length by a call, so loops over a whole block ask once.
 */

/** Place of the first record whose kind has none left; -1 where all fit. */
function countDown(slots: Uint32Array, left: Uint32Array): number {
  const [count, kinds] = [slots.length, left.length];
  for (let index = 0; index < count; index++) {
    const slot = slots[index]!;
    if (slot >= kinds || left[slot] === 0) return index;
    left[slot]!--;
  }
  return -1;
}

function placesOf(slots: Uint32Array, kinds: number, places: Uint32Array): Uint32Array {
  const next = new Uint32Array(kinds);
  for (let index = 0; index < slots.length; index++) places[index] = next[slots[index]!]!++;
  return places;
}

/** `each`: how many objects a record of each kind has. */
function countObjects(slots: Uint32Array, { from, count }: LaneRun, each: Uint8Array): number {
  let total = 0;
  for (let index = from; index < from + count; index++) total += each[slots[index]!]!;
  return total;
}

/** Deals the ids of a lane's objects, from place `first` on, out to the kinds of its records; `next` says where each kind goes on. */
function splitLane(
  slots: Uint32Array,
  { from, count }: LaneRun,
  each: Uint8Array,
  ids: Uint32Array,
  first: number,
  split: readonly Uint32Array[],
  next: Uint32Array,
): number {
  let at = first;
  for (let index = from; index < from + count; index++) {
    const slot = slots[index]!;
    for (let field = each[slot]!; field > 0; field--) split[slot]![next[slot]!++] = ids[at++]!;
  }
  return at;
}

/** Times of a lane whose clock goes on by `steps`; what is below 0 counts as 0. */
function sumShort(steps: Uint32Array, { from, count }: LaneRun, first: number, times: Float64Array): void {
  let time = first;
  for (let index = from; index < from + count; index++) {
    time += steps[index]!;
    times[index] = time < 0 ? 0 : time;
  }
}

const NO_HOLES = { at: new Uint32Array(0), missing: { lo: new Uint32Array(0), hi: new Uint32Array(0) } };

/** Where event numbers are missing, decoded when asked for. */
function readHoles(reader: SectionReader, count: number) {
  if (count === 0) return () => NO_HOLES;
  const [at, missing] = [reader.part(passInts), reader.part(passInts)];
  let holes: { readonly at: Uint32Array; readonly missing: Ints } | undefined;
  return () => {
    holes ??= {
      at: at.read((from) => readInts(from, count).lo),
      missing: missing.read((from) => readInts(from, count)),
    };
    return holes;
  };
}

function readKindHeads(reader: SectionReader, count: number) {
  const kinds = reader.varint();
  if (kinds > count) throw refuse("BAD_VALUE", `${kinds} kinds of ${count} records`);
  const heads: { readonly number: number; readonly count: number; readonly objects: number }[] = [];
  let total = 0;
  for (let kind = 0; kind < kinds; kind++) {
    const head = { number: reader.varint(), count: reader.varint(), objects: reader.varint() };
    if (head.objects > OBJECTS_MAX) throw refuse("BAD_VALUE", `a kind has ${head.objects} object fields`);
    total += head.count;
    heads.push(head);
  }
  if (total !== count) throw refuse("BAD_VALUE", `kinds add up to ${total} records, the header says ${count}`);
  return heads;
}

/** A kind has at most 64 fields. */
const OBJECTS_MAX = 64;

function laneRuns(ids: Ints, counts: Ints, firsts: Ints, total: number): LaneRun[] {
  let from = 0;
  const runs = Array.from(ids.lo, (lane, index): LaneRun => {
    const count = counts.lo[index]!;
    const firstEventNo = firsts.lo[index]! + firsts.hi[index]! * 0x1_0000_0000;
    from += count;
    return { lane, from: from - count, count, firstEventNo };
  });
  if (from !== total) throw refuse("BAD_VALUE", `lanes add up to ${from} records, the header says ${total}`);
  return runs;
}
