import { writeInts } from "../coding/ints.ts";
import type { DictionaryWriter } from "../dictionary/writer.ts";
import type { LaneState } from "../pairing/lane.ts";
import { FOLD, type Pairing } from "../pairing/pairing.ts";
import type { SectionWriter } from "../section.ts";
import { FLAG, HEAD_WORDS, type Stage } from "../stage.ts";
import type { SummaryRow } from "../summary/tables.ts";
import { Words64 } from "../words.ts";
import { SHAPE } from "./builder.ts";
import { OP } from "./op.ts";
import { orderByLane } from "./order.ts";
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
 * Turns staged records into the columns section, lane by lane, and pairs and
 * sums them on the way: every record is looked at once. Buffers are kept
 * between blocks.
 */
export class ColumnsEncoder {
  readonly #source: EncodeSource;
  readonly #startLo: number;
  readonly #startHi: number;
  readonly #slots = new Words64();
  readonly #deltas = new Words64();
  readonly #ranks = new RankBuilder();
  readonly #places = new Int32Array(64);
  /** String number of each site's zone name, plus one; 0 where not looked up yet. */
  #siteNames = new Uint32Array(256);
  #kinds: Program[] = [];
  #lanes: LaneRun[] = [];
  #laneCounts = new Map<number, number>();
  #minLo = 0;
  #minHi = 0;
  #maxLo = 0;
  #maxHi = 0;
  #lastLo = 0;
  #lastHi = 0;

  constructor(source: EncodeSource) {
    this.#source = source;
    this.#startLo = Number(source.start & 0xffffffffn);
    this.#startHi = Number(source.start >> 32n);
  }

  /** Writes `count` records of the stage that begin at word `from`. */
  write(section: SectionWriter, stage: Stage, from: number, count: number): Walked {
    this.#clear();
    const order = orderByLane(stage, from, count);
    let begin = 0;
    for (const { lane, count: records } of order.lanes) {
      this.#lane(stage, lane, order.at.subarray(begin, begin + records), begin);
      begin += records;
    }
    this.#write(section);
    const none = count === 0;
    return {
      firstTime: none ? 0n : joined(this.#minLo, this.#minHi),
      lastTime: none ? 0n : joined(this.#maxLo, this.#maxHi),
      laneCounts: this.#rows(),
      kinds: this.#kinds,
    };
  }

  #clear(): void {
    for (const program of this.#kinds) program.clear();
    this.#kinds = [];
    this.#lanes = [];
    this.#laneCounts.clear();
    this.#slots.length = 0;
    this.#deltas.length = 0;
    this.#ranks.clear();
    this.#minLo = 0xffffffff;
    this.#minHi = 0xffffffff;
    this.#maxLo = 0;
    this.#maxHi = 0;
  }

  #lane(stage: Stage, lane: number, offsets: Uint32Array, begin: number): void {
    const { dictionary, pairing } = this.#source;
    const { words } = stage;
    const state = pairing.lane(lane);
    dictionary.use("lane", lane);
    this.#ranks.lane();
    const before = this.#kinds.map((program) => program.builder.count);
    const lo = words[offsets[0]! + 2]!;
    const hi = words[offsets[0]! + 3]!;
    this.#lanes.push({ lane, count: offsets.length, firstEventNo: state.nextEventNo, lo, hi });
    this.#lastLo = lo;
    this.#lastHi = hi;
    for (let index = 0; index < offsets.length; index++) this.#record(stage, offsets[index]!, state, begin + index);
    for (const [slot, { builder }] of this.#kinds.entries()) {
      const records = builder.count - (before[slot] ?? 0);
      if (records === 0) continue;
      const key = state.counted * 0x1_0000 + builder.number;
      this.#laneCounts.set(key, (this.#laneCounts.get(key) ?? 0) + records);
    }
  }

  #record(stage: Stage, at: number, state: LaneState, index: number): void {
    const { words } = stage;
    const head = words[at]!;
    const program = this.#source.program(head & 0xffff);
    const { builder } = program;
    if (builder.slot < 0) builder.slot = this.#kinds.push(program) - 1;
    this.#slots.push(builder.slot, 0);
    const time = this.#time(words[at + 2]!, words[at + 3]!);
    const flags = head >>> 24;
    let site = 0;
    let next = at + HEAD_WORDS;
    if (flags !== 0) {
      if (flags & FLAG.site) {
        site = words[next]!;
        this.#source.dictionary.use("site", site);
      }
      next = builder.common(words, next, flags);
      if (flags & FLAG.stack) this.#source.dictionary.use("stack", builder.stacks.lo[builder.stacks.length - 1]!);
    }
    this.#fields(stage, program, next, flags);
    if (program.op !== OP.none) this.#pair(program.op, words, state, site, time, index);
    if (program.measure >= 0 || program.key >= 0) this.#sum(program, words, index);
    builder.count++;
    state.nextEventNo++;
  }

  /** Gathers the time's step and extremes; tells the time since the session's start. */
  #time(lo: number, hi: number): number {
    const stepLo = lo - this.#lastLo;
    this.#deltas.push(stepLo >>> 0, (hi - this.#lastHi - (stepLo < 0 ? 1 : 0)) >>> 0);
    this.#lastLo = lo;
    this.#lastHi = hi;
    if (hi < this.#minHi || (hi === this.#minHi && lo < this.#minLo)) {
      this.#minLo = lo;
      this.#minHi = hi;
    }
    if (hi > this.#maxHi || (hi === this.#maxHi && lo > this.#maxLo)) {
      this.#maxLo = lo;
      this.#maxHi = hi;
    }
    const time = (hi - this.#startHi) * TWO_32 + (lo - this.#startLo);
    return time < 0 ? 0 : time;
  }

  #fields(stage: Stage, program: Program, from: number, flags: number): void {
    const { words } = stage;
    const { builder } = program;
    const { fields } = builder;
    const places = this.#places;
    let at = from;
    let low = 0xffffffff;
    let high = 0xffffffff;
    if (flags & FLAG.absent) {
      low = words[at++]!;
      if (fields.length > 32) high = words[at++]!;
    }
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index]!;
      if (((index < 32 ? low >>> index : high >>> (index - 32)) & 1) === 0) {
        places[index] = -1;
        if (field.shape === SHAPE.object) this.#ranks.push(0);
        else field.skip(builder.count);
        continue;
      }
      places[index] = at;
      if (field.shape === SHAPE.two) {
        field.words.push(words[at]!, words[at + 1]!);
        at += 2;
        continue;
      }
      const word = words[at++]!;
      if (field.shape === SHAPE.text) field.text(stage.texts[word]);
      else {
        if (field.shape === SHAPE.object) this.#ranks.push(word);
        else field.words.push(word, 0);
        if (field.field.table !== undefined) this.#source.dictionary.use(field.field.table, word);
      }
    }
  }

  /** The word of a field, 0 where the record lacks it. */
  #word(words: Uint32Array, field: number): number {
    const at = this.#places[field]!;
    return at < 0 ? 0 : words[at]!;
  }

  /** A 64-bit field as a number, 0 where the record lacks it. */
  #wide(words: Uint32Array, field: number): number {
    const at = this.#places[field]!;
    return at < 0 ? 0 : words[at]! + words[at + 1]! * TWO_32;
  }

  /** Field positions are those of the kinds in packages/record. */
  #pair(op: number, words: Uint32Array, state: LaneState, site: number, time: number, index: number): void {
    const { pairing } = this.#source;
    const eventNo = state.nextEventNo;
    const first = this.#word(words, 0);
    switch (op) {
      case OP.zoneBegin:
        pairing.zoneBegin(state, first || this.#siteName(site), site, this.#wide(words, 1), time, eventNo);
        break;
      case OP.zoneEnd:
        pairing.zoneEnd(state, this.#wide(words, 0), time, index);
        break;
      case OP.lockWait:
        pairing.lockWait(state, first, this.#word(words, 1) & (FOLD - 1), time, eventNo);
        break;
      case OP.lockAcquired:
        pairing.lockAcquired(state, first, this.#word(words, 1) & (FOLD - 1), time, eventNo, index);
        break;
      case OP.lockReleased:
        pairing.lockReleased(state, first, time, index);
        break;
      case OP.lockTimedOut:
        pairing.lockTimedOut(state, first, this.#word(words, 1) & (FOLD - 1), time, index);
        break;
      case OP.lockUpgraded:
        pairing.lockMode(state, first, 0);
        break;
      case OP.lockDowngraded:
        pairing.lockMode(state, first, 1);
        break;
      case OP.lockHandedOver:
        pairing.lockHandedOver(state, first, this.#word(words, 1));
        break;
      case OP.logMessage:
        pairing.gathers.channel.count(this.#word(words, 1) * FOLD + (first & (FOLD - 1)), 1);
        break;
      case OP.jobEnqueue:
        pairing.jobEvent("enqueued", state, first, this.#wide(words, 1), time, eventNo, index);
        break;
      case OP.jobStart:
        pairing.jobEvent("started", state, first, this.#wide(words, 1), time, eventNo, index);
        break;
      case OP.jobFinish:
        pairing.jobEvent("finished", state, first, this.#wide(words, 1), time, eventNo, index);
        break;
      case OP.contextEnter:
        pairing.contextEnter(state, first, time, eventNo);
        break;
      case OP.contextExit:
        pairing.contextExit(state, first);
        break;
      case OP.threadExit:
        pairing.laneExit(state);
        break;
    }
  }

  #sum(program: Program, words: Uint32Array, index: number): void {
    const { measure, key } = program;
    const there = measure >= 0 && this.#places[measure]! >= 0;
    const value = there ? this.#measured(program, words) : 0;
    if (there) program.measured.measure(0, value, index);
    if (key < 0) return;
    if (there) program.keyed.measure(this.#word(words, key), value, index);
    else program.keyed.count(this.#word(words, key), 1);
  }

  /** A negative duration counts as 0, as a clock that steps back does. */
  #measured(program: Program, words: Uint32Array): number {
    const at = this.#places[program.measure]!;
    if (program.signed && words[at + 1]! >= 0x8000_0000) return 0;
    return words[at]! + words[at + 1]! * TWO_32;
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
    const column = new Words64();
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
    writeInts(section, this.#deltas);
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

function joined(lo: number, hi: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo);
}
