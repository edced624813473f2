import type { Columns, Dictionary, LaneRun } from "@wayward/block";
import { FACT, FACTS, gatherFacts, HAS_STACK, RUN_SHIFT } from "./facts.ts";
import { fieldsOf, type KindFields } from "./kind-fields.ts";
import { sortByTime } from "./time-order.ts";

/** Blocks hold at most so many records. */
const RECORDS_MAX = 65_536;
/** A trace id and a span id. */
const SPAN_BYTES = 24;
const TWO_32 = 0x1_0000_0000;

/*
 * Memory of all batches: one is read at a time. It stays in the processor's
 * caches from block to block, which fresh arrays do not, and neither do more
 * arrays than a block needs: what is 150 ns away for a record is as dear as
 * all that is done with it.
 */
export const order = new Uint32Array(RECORDS_MAX);
export const times = new Float64Array(RECORDS_MAX);
const places = new Uint32Array(RECORDS_MAX);
export const facts = new Uint32Array(RECORDS_MAX * FACTS);

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
  /** FACTS numbers for each record by its place in the block, where FACT says. Of a kind that no analysis reads only the last is set. */
  readonly facts: Uint32Array = facts;
  /** By place in the block. */
  readonly slots: Uint32Array;
  /** Place among its kind's, by place in the block. */
  readonly placeOf: Uint32Array = places;
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
    columns.timesSince(start, times);
    this.goesBack = !columns.isRising() && keepInOrder(columns.lanes);
    let count = gatherFacts(columns, this.kinds, { facts, places, order });
    this.runs = until === Infinity ? columns.lanes : columns.lanes.map((run) => endedBy(run, until));
    this.isCut = this.runs.some((run, index) => run.count < columns.lanes[index]!.count);
    sortByTime(order, count, times, columns.lanes);
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
    if (this.#eventNos !== undefined) return this.#eventNos[index]!;
    return index + this.#ahead[facts[index * FACTS + FACT.rest]! >>> RUN_SHIFT]!;
  }

  site(index: number): number {
    return this.kinds[this.slots[index]!]!.sites?.[this.placeOf[index]!] ?? 0;
  }

  stack(index: number): number {
    if ((facts[index * FACTS + FACT.rest]! & HAS_STACK) === 0) return 0;
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

/** A lane's records keep their order where its clock goes back: such a record has the time of the one before. True if any has. */
function keepInOrder(lanes: readonly LaneRun[]): boolean {
  let goesBack = false;
  for (const { from, count } of lanes) if (keepRunInOrder(from, from + count)) goesBack = true;
  return goesBack;
}

function keepRunInOrder(from: number, until: number): boolean {
  let goesBack = false;
  let latest = 0;
  for (let index = from; index < until; index++) {
    const time = times[index]!;
    if (time >= latest) latest = time;
    else {
      times[index] = latest;
      goesBack = true;
    }
  }
  return goesBack;
}

/** The run without what lies at `until` or behind. */
function endedBy(run: LaneRun, until: number): LaneRun {
  let { count } = run;
  while (count > 0 && times[run.from + count - 1]! >= until) count--;
  return count === run.count ? run : { ...run, count };
}
