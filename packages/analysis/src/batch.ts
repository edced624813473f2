import type { Column, Columns, Dictionary, KindColumns, LaneRun } from "@wayward/block";
import { LOCK_OPS_LAST, OP, opOf } from "./ops.ts";
import { sortByTime } from "./time-order.ts";

/** Blocks hold at most so many records. */
const RECORDS_MAX = 65_536;
/** A trace id and a span id. */
const SPAN_BYTES = 24;
const TWO_32 = 0x1_0000_0000;

/** Numbers of one kind's first two fields, by its records; what a record lacks is 0. */
interface KindFields {
  readonly op: number;
  readonly name: string;
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** 1 for each record that has no field beyond the first two; undefined where that is so of all. */
  readonly brief: Uint8Array | undefined;
  readonly columns: ReadonlyMap<string, Column>;
  /** Undefined where no record has one; decoded when it is first looked at. */
  readonly sites: Uint32Array | undefined;
  readonly stacks: Uint32Array | undefined;
  /** What else the records have. */
  readonly own: KindColumns | undefined;
}

const NOTHING = new Uint32Array(RECORDS_MAX);
const order = new Uint32Array(RECORDS_MAX);
const times = new Float64Array(RECORDS_MAX);
const runOf = new Uint32Array(RECORDS_MAX);

/**
 * The records of a block that the lock analyses read, in order of time, then
 * lane and event number; and all of them lane by lane. Its arrays are shared: one batch is read at a time, and
 * nothing keeps them.
 */
export class Batch {
  readonly dictionary: Dictionary;
  readonly runs: readonly LaneRun[];
  /** How many records the lock analyses read. */
  readonly count: number;
  /** Their places in the block, in order of time. */
  readonly order: Uint32Array = order;
  /** Nanoseconds since the session's start, by place in the block. */
  readonly times: Float64Array = times;
  /** Place in `runs`, by place in the block. */
  readonly runOf: Uint32Array = runOf;
  /** By place in the block. */
  readonly slots: Uint32Array;
  readonly placeOf: Uint32Array;
  readonly kinds: readonly KindFields[];
  /** Event numbers by place in the block; undefined where each lane counts on from its first. */
  readonly #eventNos: Float64Array | undefined;
  /** By run: how far such event numbers are ahead of places in the block. */
  readonly #ahead: Float64Array;
  /** Records were left out that lie behind `until`. */
  readonly isCut: boolean;
  /** A lane's clock goes back in the block: what its records say of other lanes' order is unsure. */
  readonly goesBack: boolean;
  /** Kinds of some records are defined in blocks that are missing: nobody knows what they say. */
  readonly hasUnknown: boolean;
  readonly #start: bigint;

  /** `start` is the session's, in nanoseconds of its clock. Records from `until` on, in nanoseconds since then, are left out. */
  constructor(columns: Columns, dictionary: Dictionary, start: bigint, until = Infinity) {
    this.dictionary = dictionary;
    this.#start = start;
    this.kinds = columns.kinds.map((_, slot) => fieldsOf(columns, slot, dictionary));
    this.hasUnknown = columns.kinds.some(({ number }) => dictionary.kind(number) === undefined);
    this.slots = columns.slots;
    this.placeOf = columns.placeOf;
    columns.timesSince(start, times);
    let goesBack = false;
    for (const [run, { from, count }] of columns.lanes.entries()) {
      runOf.fill(run, from, from + count);
      if (keepInOrder(from, from + count)) goesBack = true;
    }
    this.goesBack = goesBack;
    this.runs = until === Infinity ? columns.lanes : columns.lanes.map((run) => endedBy(run, until));
    this.isCut = this.runs.some((run, index) => run.count < columns.lanes[index]!.count);
    const ops = Uint8Array.from(this.kinds, ({ op }) => op);
    let count = 0;
    for (let index = 0; index < columns.count; index++) {
      const op = ops[this.slots[index]!]!;
      if (op !== OP.none && op <= LOCK_OPS_LAST) order[count++] = index;
    }
    if (columns.lanes.length > 1) sortByTime(order, count, times);
    while (count > 0 && times[order[count - 1]!]! >= until) count--;
    this.count = count;
    this.#ahead = Float64Array.from(columns.lanes, ({ firstEventNo, from }) => firstEventNo - from);
    this.#eventNos = columns.dense ? undefined : columns.eventNos();
  }

  /** True if a lane of the block lacks numbers inside it. */
  get hasHoles(): boolean {
    return this.#eventNos !== undefined;
  }

  /** True if this lane lacks numbers inside the block. */
  isHoled({ from, count, firstEventNo }: LaneRun): boolean {
    return count > 0 && this.eventNo(from + count - 1) - firstEventNo !== count - 1;
  }

  eventNo(index: number): number {
    return this.#eventNos === undefined ? index + this.#ahead[runOf[index]!]! : this.#eventNos[index]!;
  }

  site(index: number): number {
    return this.kinds[this.slots[index]!]!.sites?.[this.placeOf[index]!] ?? 0;
  }

  stack(index: number): number {
    return this.kinds[this.slots[index]!]!.stacks?.[this.placeOf[index]!] ?? 0;
  }

  /** Trace and span id as 48 hex digits; empty without. */
  span(index: number): string {
    const links = this.kinds[this.slots[index]!]!.own?.correlations;
    const place = this.placeOf[index]!;
    const at = links?.present === undefined ? place : links.present[place]!;
    if (links === undefined || at < 0) return "";
    return Buffer.from(links.bytes.subarray(at * SPAN_BYTES, (at + 1) * SPAN_BYTES)).toString("hex");
  }

  /** A field that is a time of the session's clock, in nanoseconds since its start. */
  timeSince(index: number, field: string): number | undefined {
    const column = this.kinds[this.slots[index]!]!.columns.get(field);
    if (column?.shape !== "ints") return undefined;
    const at = column.present === undefined ? this.placeOf[index]! : column.present[this.placeOf[index]!]!;
    if (at < 0) return undefined;
    const { lo, hi } = column.ints;
    return Math.max(0, Number((BigInt(hi[at]!) << 32n) + BigInt(lo[at]!) - this.#start));
  }

  /** A whole-number field; undefined where the record lacks it. Exact below 2^53. */
  number(index: number, field: string): number | undefined {
    const column = this.kinds[this.slots[index]!]!.columns.get(field);
    if (column?.shape !== "ints") return undefined;
    const { present, ints } = column;
    const place = this.placeOf[index]!;
    const at = present === undefined ? place : present[place]!;
    return at < 0 ? undefined : ints.lo[at]! + ints.hi[at]! * TWO_32;
  }
}

const NO_FIELDS: KindFields = {
  op: OP.none,
  name: "",
  first: NOTHING,
  second: NOTHING,
  brief: undefined,
  columns: new Map(),
  sites: undefined,
  stacks: undefined,
  own: undefined,
};

/** A lane's records keep their order where its clock goes back: such a record has the time of the one before. True if any has. */
function keepInOrder(from: number, until: number): boolean {
  let goesBack = false;
  for (let index = from + 1; index < until; index++) {
    if (times[index]! >= times[index - 1]!) continue;
    times[index] = times[index - 1]!;
    goesBack = true;
  }
  return goesBack;
}

/** The run without what lies at `until` or behind. */
function endedBy(run: LaneRun, until: number): LaneRun {
  let { count } = run;
  while (count > 0 && times[run.from + count - 1]! >= until) count--;
  return count === run.count ? run : { ...run, count };
}

function fieldsOf(columns: Columns, slot: number, dictionary: Dictionary): KindFields {
  const kind = dictionary.kind(columns.kinds[slot]!.number);
  const op = kind === undefined ? OP.none : opOf(kind.name);
  if (op === OP.none || kind === undefined) return NO_FIELDS;
  const own = columns.columns(slot, kind);
  return {
    op,
    name: kind.name,
    first: lowHalves(own.columns[0]),
    second: lowHalves(own.columns[1]),
    brief: briefOnes(own.columns.slice(2), own.count),
    columns: new Map(own.columns.map((column) => [column.field.name, column])),
    get sites() {
      return own.sites;
    },
    get stacks() {
      return own.stacks;
    },
    own,
  };
}

/** 1 for each record that has none of these fields; undefined where that is so of all. */
function briefOnes(columns: readonly Column[], count: number): Uint8Array | undefined {
  const used = columns.filter((column) => !isEmpty(column));
  if (used.length === 0) return undefined;
  const brief = new Uint8Array(count).fill(1);
  for (const column of used) {
    // A reference to nothing stands for none.
    const isRef = column.shape === "ints" && column.field.type === "ref";
    const { present } = column;
    if (isRef) markLonger(brief, column.ints.lo, 0);
    else if (present === undefined) brief.fill(0);
    else markLonger(brief, present, -1);
  }
  return brief;
}

/** Marks the records whose number is not the one that stands for none. */
function markLonger(brief: Uint8Array, numbers: Uint32Array | Int32Array, none: number): void {
  for (let record = 0; record < brief.length; record++) if (numbers[record] !== none) brief[record] = 0;
}

/** True if no record has the field. */
function isEmpty(column: Column): boolean {
  if (column.shape !== "ints") return false;
  if (column.field.type === "ref") return column.ints.lo.every((id) => id === 0);
  return column.present !== undefined && column.ints.lo.length === 0;
}

/** One number a record, 0 where it has none. */
function lowHalves(column: Column | undefined): Uint32Array {
  if (column?.shape !== "ints") return NOTHING;
  const { present, ints } = column;
  if (present === undefined) return ints.lo;
  if (ints.lo.length === 0) return NOTHING;
  return Uint32Array.from(present, (at) => (at < 0 ? 0 : ints.lo[at]!));
}
