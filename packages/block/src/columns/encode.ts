import type { Table } from "@wayward/record";
import { writeInts } from "../coding/ints.ts";
import type { DictionaryWriter } from "../dictionary/writer.ts";
import type { LaneState } from "../pairing/lane.ts";
import { PairingPages } from "../pairing/pages.ts";
import { FOLD, type Pairing } from "../pairing/pairing.ts";
import type { SectionWriter } from "../section.ts";
import { FIELDS_AT, FLAG, HEAD_WORDS, type Stage } from "../stage.ts";
import type { SummaryRow } from "../summary/tables.ts";
import { Words64 } from "../words.ts";
import { SHAPE } from "./field-builder.ts";
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
  readonly laneCounts: readonly SummaryRow[];
  /** Programs of the block's kinds, in order of first use. */
  readonly kinds: readonly Program[];
}

/** One lane's records; `lo` and `hi` are its first time. */
interface LaneRun {
  readonly lane: number;
  readonly count: number;
  readonly firstEventNo: number;
  readonly lo: number;
  readonly hi: number;
}

const TWO_32 = 0x1_0000_0000;
const NOTHING = new Uint32Array(0);

/**
 * Turns staged records into the columns section. A first pass goes lane by
 * lane over all records: times, kinds, objects, pairing. A second one takes
 * each kind's fields, column by column. Buffers are kept between blocks.
 */
export class ColumnsEncoder {
  readonly #source: EncodeSource;
  readonly #startLo: number;
  readonly #startHi: number;
  readonly #order = new LaneOrder();
  readonly #slots = new Words64();
  readonly #steps = new Words64();
  readonly #laneColumn = new Words64();
  readonly #pages = new PairingPages();
  readonly #ranks: RankBuilder;
  readonly #programs: (Program | undefined)[] = [];
  readonly #use: (table: Table, id: number) => void;
  /** String number of each site's zone name, plus one; 0 where not looked up yet. */
  #siteNames = new Uint32Array(256);
  #kinds: Program[] = [];
  #lanes: LaneRun[] = [];
  readonly #laneCounts = new Map<number, number>();
  readonly #extremes = new TimeExtremes();

  constructor(source: EncodeSource) {
    this.#source = source;
    this.#startLo = Number(source.start & 0xffffffffn);
    this.#startHi = Number(source.start >> 32n);
    this.#use = (table, id) => source.dictionary.use(table, id);
    this.#ranks = new RankBuilder((id) => source.dictionary.use("object", id));
  }

  /** Writes `count` records of the stage that begin at word `from`. */
  write(section: SectionWriter, stage: Stage, from: number, count: number): Walked {
    this.#clear(count);
    const lanes = this.#order.sort(stage, from, count);
    for (const share of lanes) this.#lane(stage.words, share);
    for (const program of this.#kinds) {
      program.builder.gather(stage, this.#use);
      program.sum();
      if (program.op === OP.logMessage) this.#countMessages(program);
    }
    this.#write(section);
    return {
      firstTime: count === 0 ? 0n : this.#extremes.first,
      lastTime: count === 0 ? 0n : this.#extremes.last,
      laneCounts: this.#rows(),
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
    this.#pages.resize(count);
    this.#ranks.clear();
    this.#extremes.clear();
  }

  #lane(words: Uint32Array, { lane, from, count }: LaneShare): void {
    const { dictionary, pairing } = this.#source;
    const state = pairing.state(lane);
    dictionary.use("lane", lane);
    this.#ranks.lane();
    const before = this.#kinds.map((program) => program.builder.count);
    const first = this.#order.at[from]!;
    const [lo, hi] = [words[first + 2]!, words[first + 3]!];
    this.#lanes.push({ lane, count, firstEventNo: state.nextEventNo, lo, hi });
    this.#walkTimes(words, from, count);
    this.#records(words, from, count, state);
    for (const [slot, { builder }] of this.#kinds.entries()) {
      const records = builder.count - (before[slot] ?? 0);
      if (records === 0) continue;
      const key = state.counted * 0x1_0000 + builder.number;
      this.#laneCounts.set(key, (this.#laneCounts.get(key) ?? 0) + records);
    }
  }

  /** Times since the start, their steps from record to record, and the extremes. */
  #walkTimes(words: Uint32Array, from: number, count: number): void {
    const { at } = this.#order;
    const { lo: stepsLo, hi: stepsHi } = this.#steps;
    const extremes = this.#extremes;
    const { times } = this.#pages;
    const [startLo, startHi] = [this.#startLo, this.#startHi];
    let lastLo = words[at[from]! + 2]!;
    let lastHi = words[at[from]! + 3]!;
    extremes.see(lastLo, lastHi);
    for (let index = from; index < from + count; index++) {
      const offset = at[index]!;
      const lo = words[offset + 2]!;
      const hi = words[offset + 3]!;
      const step = lo - lastLo;
      stepsLo[index] = step;
      stepsHi[index] = hi - lastHi - (step < 0 ? 1 : 0);
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
    extremes.see(lastLo, lastHi);
  }

  #records(words: Uint32Array, from: number, count: number, state: LaneState): void {
    const { at } = this.#order;
    const slots = this.#slots.lo;
    const pages = this.#pages;
    for (let index = from; index < from + count; index++) {
      const offset = at[index]!;
      const head = words[offset]!;
      const program = this.#programs[head & 0xffff] ?? this.#program(head & 0xffff);
      const { builder, op } = program;
      if (builder.slot < 0) builder.slot = this.#kinds.push(program) - 1;
      slots[index] = builder.slot;
      const flags = head >>> 24;
      builder.add(offset, flags);
      const paired = op > OP.logMessage;
      pages.ops[index] = paired ? op : OP.none;
      if (paired || program.objects.length > 0) {
        let next = offset + FIELDS_AT[flags & 31]!;
        let mask = 0xffff_ffff;
        if (flags & FLAG.absent) {
          mask = words[next]!;
          next += builder.fields.length > 32 ? 2 : 1;
        }
        if (program.objects.length > 0) this.#objects(words, offset, program, next, mask);
        if (paired) {
          let first = 0;
          if (mask & 1) {
            first = program.firstWords === 2 ? words[next]! + words[next + 1]! * TWO_32 : words[next]!;
            next += program.firstWords;
          }
          let second = 0;
          if (mask & 2) second = program.secondWords === 2 ? words[next]! + words[next + 1]! * TWO_32 : words[next]!;
          if (first === 0 && op === OP.zoneBegin && flags & FLAG.site)
            first = this.#siteName(words[offset + HEAD_WORDS]!);
          pages.first[index] = first;
          pages.second[index] = second;
        }
      }
    }
    const { pairing } = this.#source;
    pairing.lane(state.id, pages, count, { first: state.nextEventNo, from, all: undefined });
    state.nextEventNo += count;
  }

  #program(number: number): Program {
    const program = this.#source.program(number);
    this.#programs[number] = program;
    return program;
  }

  /** Ranks the record's objects; its fields begin at word `next`. */
  #objects(words: Uint32Array, offset: number, { objects, builder }: Program, next: number, low: number): void {
    if (objects.length === 1 && objects[0] === 0) {
      this.#ranks.push(low & 1 ? words[next]! : 0);
      return;
    }
    const { fields } = builder;
    const wide = fields.length > 32 && (words[offset]! >>> 24) & FLAG.absent;
    let at = next;
    for (let index = 0; index < fields.length; index++) {
      const mask = index < 32 ? low : wide ? words[next - 1]! : 0xffff_ffff;
      const there = (mask >>> (index & 31)) & 1;
      const { shape } = fields[index]!;
      if (shape === SHAPE.object) this.#ranks.push(there ? words[at]! : 0);
      if (there) at += shape === SHAPE.two ? 2 : 1;
    }
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

  #siteName(site: number): number {
    if (site === 0) return 0;
    if (site >= this.#siteNames.length) {
      const larger = new Uint32Array(Math.max(this.#siteNames.length * 2, site + 1));
      larger.set(this.#siteNames);
      this.#siteNames = larger;
    }
    const known = this.#siteNames[site]!;
    if (known > 0) return known - 1;
    const row = this.#source.dictionary.siteRow(site);
    const name = row.text || row.function;
    this.#siteNames[site] = name + 1;
    return name;
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
      section.varint(builder.objects);
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
    writeInts(section, this.#slots);
    section.varint(0);
    writeInts(section, this.#steps);
    this.#ranks.write(section);
    for (const { builder } of this.#kinds) section.measured(() => builder.write(section));
  }

  #rows(): SummaryRow[] {
    return Array.from(this.#laneCounts, ([key, count]) => {
      const key1 = Math.floor(key / 0x1_0000);
      return { key1, key2: key % 0x1_0000, count, sum: 0n, min: 0, max: 0, extra: 0, histogram: NOTHING };
    });
  }
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
