import { writeInts } from "../coding/ints.ts";
import type { DictionaryWriter } from "../dictionary/writer.ts";
import { NO_OPERAND, Operands } from "../pairing/operands.ts";
import { FOLD, type Pairing } from "../pairing/pairing.ts";
import { ZoneNames } from "../pairing/zone-names.ts";
import type { SectionWriter } from "../section.ts";
import type { Stage } from "../stage.ts";
import { Words64 } from "../words.ts";
import { KindOrder } from "./kind-order.ts";
import { OP } from "./op.ts";
import { LaneOrder, type LaneShare } from "./order.ts";
import type { Program } from "./program.ts";
import { RankBuilder } from "./rank.ts";

/** What the encoder needs of a session's writer. */
export interface EncodeSource {
  readonly dictionary: DictionaryWriter;
  readonly pairing: Pairing;
  /** Start of the session in nanoseconds of its clock. */
  readonly start: bigint;
  program(kindNumber: number): Program;
}

/** What the block's header and summary say of the records. */
export interface Walked {
  /** Least and greatest time; 0 without records. */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  /** Records by lane and kind: `lane * LANE_FOLD + kind`. A task's are its parent's. */
  readonly laneCounts: ReadonlyMap<number, number>;
  /** Programs of the block's kinds, in order of first use. */
  readonly kinds: readonly Program[];
}

/** One lane's records, from place `from` on; `lo` and `hi` are its first time. */
interface LaneRun extends LaneShare {
  readonly firstEventNo: number;
  readonly lo: number;
  readonly hi: number;
}

const TWO_32 = 0x1_0000_0000;
const NONE = new Uint32Array(0);
/** Kinds are fewer. */
export const LANE_FOLD = 0x1_0000;

/**
 * Turns staged records into the columns section. A first pass goes lane by
 * lane over all records: times and kinds. A second one takes each kind's
 * fields, column by column. What pairs records and ranks their objects reads
 * those columns. Buffers are kept between blocks.
 *
 * Writing changes nothing of what is open: by the size of what it wrote the
 * caller knows whether pairing needs a way back.
 */
export class ColumnsEncoder {
  readonly #source: EncodeSource;
  readonly #startLo: number;
  readonly #startHi: number;
  readonly #order = new LaneOrder();
  readonly #kindOrder = new KindOrder();
  readonly #slots = new Words64();
  readonly #steps = new Words64();
  readonly #laneColumn = new Words64();
  readonly #operands = new Operands();
  readonly #ranks: RankBuilder;
  /** Times since the session's start, in nanoseconds; what was before it as 0. */
  #times = new Float64Array(0);
  readonly #zoneNames: ZoneNames;
  #kinds: Program[] = [];
  #lanes: LaneRun[] = [];
  readonly #laneCounts = new Map<number, number>();
  readonly #extremes = new TimeExtremes();
  /** Any of the steps has an upper half. */
  #stepsAreWide = false;

  constructor(source: EncodeSource) {
    this.#source = source;
    this.#startLo = Number(source.start & 0xffffffffn);
    this.#startHi = Number(source.start >> 32n);
    this.#ranks = new RankBuilder((id) => source.dictionary.use("object", id));
    this.#zoneNames = new ZoneNames((site) => {
      const { text, function: name } = source.dictionary.siteRow(site);
      return text || name;
    });
  }

  /** Writes `count` records of the stage that begin at word `from`; they are not paired yet. */
  write(section: SectionWriter, stage: Stage, from: number, count: number): Walked {
    this.#clear(count);
    const lanes = this.#order.sort(stage, from, count);
    for (const share of lanes) this.#lane(stage.words, share);
    this.#gather(stage, count);
    this.#rank();
    for (const program of this.#kinds) {
      program.sum();
      if (program.op === OP.logMessage) this.#countMessages(program);
    }
    this.#write(section);
    return {
      firstTime: count === 0 ? 0n : this.#extremes.first,
      lastTime: count === 0 ? 0n : this.#extremes.last,
      laneCounts: this.#laneCounts,
      kinds: this.#kinds,
    };
  }

  #clear(count: number): void {
    for (const program of this.#kinds) program.clear();
    this.#kinds = [];
    this.#lanes = [];
    this.#laneCounts.clear();
    this.#slots.resize(count);
    this.#steps.resize(count);
    if (this.#times.length < count) this.#times = new Float64Array(Math.max(count, this.#times.length * 2));
    this.#kindOrder.clear(this.#source.dictionary.kinds);
    this.#ranks.clear();
    this.#extremes.clear();
    this.#stepsAreWide = false;
  }

  #lane(words: Uint32Array, { lane, from, count }: LaneShare): void {
    const { dictionary, pairing } = this.#source;
    const { nextEventNo, counted } = pairing.state(lane);
    dictionary.use("lane", lane);
    const first = this.#order.at[from]!;
    this.#lanes.push({ lane, from, count, firstEventNo: nextEventNo, lo: words[first + 2]!, hi: words[first + 3]! });
    this.#walkTimes(words, from, count);
    const inLane = this.#kindOrder.see(words, this.#order.at, this.#slots.lo, from, count);
    for (const [slot, number] of this.#kindOrder.numbers.entries()) {
      const records = inLane[slot]!;
      if (records === 0) continue;
      const key = counted * LANE_FOLD + number;
      this.#laneCounts.set(key, (this.#laneCounts.get(key) ?? 0) + records);
    }
  }

  /** Takes each kind's columns. */
  #gather(stage: Stage, count: number): void {
    const order = this.#kindOrder;
    this.#kinds = order.numbers.map((number) => this.#source.program(number));
    const begins = order.sort(this.#order.at, this.#slots.lo, count);
    for (const [slot, { builder }] of this.#kinds.entries()) {
      const at = order.at.subarray(begins[slot]!, begins[slot + 1]!);
      builder.gather(stage, at, order.layout(slot), this.#source.dictionary);
    }
  }

  /** Pairs the records that were written and counts them as their lanes'. */
  pair(): void {
    const { pairing } = this.#source;
    this.#operands.clear();
    for (const program of this.#kinds) this.#addOperands(program);
    const records = { slots: this.#slots.lo, times: this.#times, operands: this.#operands };
    for (const { lane, from, count, firstEventNo } of this.#lanes) {
      pairing.lane(lane, records, count, { first: firstEventNo, from, all: undefined });
      pairing.state(lane).nextEventNo += count;
    }
  }

  #addOperands({ op, builder }: Program): void {
    const { fields, sites, count } = builder;
    if (op <= OP.logMessage) {
      this.#operands.add(OP.none, NO_OPERAND, NO_OPERAND);
      return;
    }
    const [first = NO_OPERAND, second = NO_OPERAND] = [fields[0]?.operand(count), fields[1]?.operand(count)];
    if (op !== OP.zoneBegin || sites.length === 0) this.#operands.add(op, first, second);
    else {
      const lo = this.#zoneNames.of(first.lo, sites.lo, count);
      this.#operands.add(op, { lo, hi: first.hi }, second);
    }
  }

  /** Ranks the objects of all records, lane by lane. */
  #rank(): void {
    const objects = this.#kinds.map(({ builder }) => builder.objects.map(({ words }) => words.lo));
    const each = Uint32Array.from(objects, ({ length }) => length);
    if (each.every((count) => count === 0)) return;
    const next = new Uint32Array(each.length);
    const most = each.reduce((a, b) => Math.max(a, b));
    const column = this.#laneColumn;
    for (const { from, count } of this.#lanes) {
      column.resize(count * most);
      const listed = listObjects(this.#slots.lo, from, from + count, { objects, each, next }, column.lo);
      this.#ranks.lane(column.lo.subarray(0, listed));
    }
  }

  /** Times since the start, their steps from record to record, and the extremes. */
  #walkTimes(words: Uint32Array, from: number, count: number): void {
    const { at } = this.#order;
    const { lo: stepsLo, hi: stepsHi } = this.#steps;
    const extremes = this.#extremes;
    const times = this.#times;
    const [startLo, startHi] = [this.#startLo, this.#startHi];
    let lastLo = words[at[from]! + 2]!;
    let lastHi = words[at[from]! + 3]!;
    let high = 0;
    extremes.see(lastLo, lastHi);
    for (let index = from; index < from + count; index++) {
      const offset = at[index]!;
      const lo = words[offset + 2]!;
      const hi = words[offset + 3]!;
      const step = lo - lastLo;
      stepsLo[index] = step;
      const over = hi - lastHi - (step < 0 ? 1 : 0);
      stepsHi[index] = over;
      high |= over;
      const time = (hi - startHi) * TWO_32 + (lo - startLo);
      times[index] = time < 0 ? 0 : time;
      // A clock that only goes on has its extremes at the ends.
      if (hi < lastHi || (hi === lastHi && step < 0)) {
        extremes.see(lastLo, lastHi);
        extremes.see(lo, hi);
      }
      lastLo = lo;
      lastHi = hi;
    }
    if (high !== 0) this.#stepsAreWide = true;
    extremes.see(lastLo, lastHi);
  }

  /** Messages by channel and level, its second and first field. */
  #countMessages({ builder }: Program): void {
    const { channel } = this.#source.pairing.gathers;
    const [levels, channels] = builder.fields.map(({ words }) => words.lo);
    const levelPlaces = builder.fields[0]!.places(builder.count);
    for (let record = 0; record < builder.count; record++) {
      const place = levelPlaces === undefined ? record : levelPlaces[record]!;
      const level = place < 0 ? 0 : levels![place]!;
      channel.count(channels![record]! * FOLD + (level & (FOLD - 1)), 1);
    }
  }

  /*
   * varint kinds, then for each: number, records, object fields (varints);
   * varint lanes, then columns: lane, records, first event number, first time;
   * column of kinds by place in that list; varint holes in event numbers and
   * columns: record, missing before it; column of time steps; objects; then
   * for each kind its columns behind their length (u32, little-endian).
   */
  #write(section: SectionWriter): void {
    section.varint(this.#kinds.length);
    for (const { builder } of this.#kinds) {
      section.varint(builder.number);
      section.varint(builder.count);
      section.varint(builder.objects.length);
    }
    section.varint(this.#lanes.length);
    const column = this.#laneColumn;
    const numbers = (value: (lane: LaneRun) => number) => {
      column.length = 0;
      for (const lane of this.#lanes) column.pushNumber(value(lane));
      writeInts(section, column);
    };
    numbers((lane) => lane.lane);
    numbers((lane) => lane.count);
    numbers((lane) => lane.firstEventNo);
    column.length = 0;
    for (const { lo, hi } of this.#lanes) column.push(lo, hi);
    writeInts(section, column);
    writeInts(section, this.#slots, true);
    section.varint(0);
    writeInts(section, this.#steps, !this.#stepsAreWide);
    this.#ranks.write(section);
    for (const { builder } of this.#kinds) section.measured(() => builder.write(section));
  }
}

/** By kind: the objects of its records field by field, how many a record has, and which record comes next. */
interface KindObjects {
  readonly objects: readonly (readonly Uint32Array[])[];
  readonly each: Uint32Array;
  readonly next: Uint32Array;
}

/** Lists the objects of the records from place `from` on, in their order; says how many they are. */
function listObjects(
  slots: Uint32Array,
  from: number,
  until: number,
  { objects, each, next }: KindObjects,
  into: Uint32Array,
): number {
  // Most kinds have one or none.
  const firsts = objects.map(([first = NONE]) => first);
  let listed = 0;
  for (let index = from; index < until; index++) {
    const slot = slots[index]!;
    const fields = each[slot]!;
    if (fields === 0) continue;
    const place = next[slot]!++;
    into[listed++] = firsts[slot]![place]!;
    for (let field = 1; field < fields; field++) into[listed++] = objects[slot]![field]![place]!;
  }
  return listed;
}

/** Least and greatest of the times seen. */
class TimeExtremes {
  #minLo = 0;
  #minHi = 0;
  #maxLo = 0;
  #maxHi = 0;

  get first(): bigint {
    return (BigInt(this.#minHi) << 32n) | BigInt(this.#minLo);
  }

  get last(): bigint {
    return (BigInt(this.#maxHi) << 32n) | BigInt(this.#maxLo);
  }

  clear(): void {
    this.#minLo = 0xffffffff;
    this.#minHi = 0xffffffff;
    this.#maxLo = 0;
    this.#maxHi = 0;
  }

  see(lo: number, hi: number): void {
    if (hi < this.#minHi || (hi === this.#minHi && lo < this.#minLo)) {
      this.#minLo = lo;
      this.#minHi = hi;
    }
    if (hi > this.#maxHi || (hi === this.#maxHi && lo > this.#maxLo)) {
      this.#maxLo = lo;
      this.#maxHi = hi;
    }
  }
}
