import {
  jobEnqueue,
  jobFinish,
  jobStart,
  type Kind,
  lockAcquired,
  lockReleased,
  lockWait,
  logMessage,
  memoryAlloc,
  memoryFree,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";
import { ByteColumn, clear, LongColumn, ordered, rowsOf, WordColumn } from "./columns.ts";
import type { ColumnType, Rows } from "./duck.ts";
import { MIX_NAMES, Mix } from "./mix.ts";

/** Kinds of the mix; a row has the place of its kind here. */
export const MIX_KINDS: readonly Kind[] = [
  zoneBegin,
  zoneEnd,
  lockWait,
  lockAcquired,
  lockReleased,
  logMessage,
  memoryAlloc,
  memoryFree,
  jobEnqueue,
  jobStart,
  jobFinish,
];

const SITES = [...MIX_NAMES.zones, ...MIX_NAMES.formats];
const SESSIONS = Array.from({ length: 64 }, (_, session) => `mix-${session}`);

/** A record as a row: one column for each field that any kind of the mix has. */
export const RECORD_COLUMNS: readonly ColumnType[] = [
  { name: "session", type: SESSIONS },
  { name: "time", type: "UBIGINT" },
  { name: "lane", type: MIX_NAMES.lanes },
  { name: "kind", type: MIX_KINDS.map(({ name }) => name) },
  // A zone's name or a log's format.
  { name: "name", type: SITES },
  { name: "object", type: MIX_NAMES.objects },
  { name: "mode", type: "UTINYINT" },
  { name: "level", type: "UTINYINT" },
  { name: "channel", type: MIX_NAMES.channels },
  { name: "arg0", type: "UINTEGER" },
  { name: "arg1", type: MIX_NAMES.tables },
  { name: "address", type: "UBIGINT" },
  { name: "size", type: "UINTEGER" },
  { name: "job", type: "UBIGINT" },
  { name: "depth", type: "UINTEGER" },
  { name: "outcome", type: "UTINYINT" },
];

/** Beside them what questions need, paired beforehand: a zone's name and duration at its end, the wait for a lock. */
export const ALL_COLUMNS: readonly ColumnType[] = [
  ...RECORD_COLUMNS,
  { name: "zone", type: SITES },
  { name: "duration", type: "UBIGINT" },
  { name: "wait", type: "UBIGINT" },
];

/** The columns of ALL_COLUMNS, to be filled. */
export class RecordColumns {
  readonly session: ByteColumn;
  readonly time: LongColumn;
  readonly lane: ByteColumn;
  readonly kind: ByteColumn;
  readonly name: ByteColumn;
  readonly object: ByteColumn;
  readonly mode: ByteColumn;
  readonly level: ByteColumn;
  readonly channel: ByteColumn;
  readonly arg0: WordColumn;
  readonly arg1: ByteColumn;
  readonly address: LongColumn;
  readonly size: WordColumn;
  readonly job: LongColumn;
  readonly depth: WordColumn;
  readonly outcome: ByteColumn;
  readonly zone: ByteColumn;
  readonly duration: LongColumn;
  readonly wait: LongColumn;
  count = 0;

  constructor(capacity: number) {
    const byte = () => new ByteColumn(capacity);
    this.session = byte();
    this.time = new LongColumn(capacity);
    this.lane = byte();
    this.kind = byte();
    this.name = byte();
    this.object = byte();
    this.mode = byte();
    this.level = byte();
    this.channel = byte();
    this.arg0 = new WordColumn(capacity);
    this.arg1 = byte();
    this.address = new LongColumn(capacity);
    this.size = new WordColumn(capacity);
    this.job = new LongColumn(capacity);
    this.depth = new WordColumn(capacity);
    this.outcome = byte();
    this.zone = byte();
    this.duration = new LongColumn(capacity);
    this.wait = new LongColumn(capacity);
  }

  /** Valid until `clear`. */
  get rows(): Rows {
    return rowsOf(this.#all(), this.count);
  }

  clear(): void {
    clear(this.#all());
    this.count = 0;
  }

  #all() {
    const { session, time, lane, kind, name, object, mode, level, channel, arg0, arg1 } = this;
    const { address, size, job, depth, outcome, zone, duration, wait } = this;
    const described = [session, time, lane, kind, name, object, mode, level, channel, arg0, arg1];
    return [...described, address, size, job, depth, outcome, zone, duration, wait];
  }
}

/** Where each number stands. */
export function placesOf(numbers: readonly number[]): ReadonlyMap<number, number> {
  return new Map(numbers.map((number, place) => [number, place]));
}

/** Places of the rows lane by lane, in their order. */
function byLane(lanes: Uint8Array): Uint32Array {
  const next = new Uint32Array(MIX_NAMES.lanes.length + 1);
  for (const lane of lanes) next[lane + 1]!++;
  for (let lane = 1; lane < next.length; lane++) next[lane]! += next[lane - 1]!;
  const order = new Uint32Array(lanes.length);
  for (let row = 0; row < lanes.length; row++) order[next[lanes[row]!]!++] = row;
  return order;
}

/** A mix whose records become rows too: both sides of a comparison hold the same. */
export class RecordedMix {
  readonly mix: Mix;
  readonly #session: number;
  readonly #columns: RecordColumns;
  readonly #lanes: ReadonlyMap<number, number>;
  readonly #sites: ReadonlyMap<number, number>;
  readonly #objects: ReadonlyMap<number, number>;
  readonly #open = MIX_NAMES.lanes.map((): { site: number; time: number }[] => []);
  readonly #waiting = MIX_NAMES.lanes.map(() => 0);
  readonly #held = MIX_NAMES.lanes.map(() => 0);

  /** `capacity` is the most records that a block may have. */
  constructor(seed: number, capacity: number) {
    this.#session = seed;
    this.#columns = new RecordColumns(capacity);
    this.mix = new Mix(seed, {
      see: (kind, lane, time, values, site) => this.#see(kind, lane, Number(time), values, site),
    });
    const { lanes, sites, objects } = this.mix.numbers;
    this.#lanes = placesOf(lanes);
    this.#sites = placesOf(sites);
    this.#objects = placesOf(objects);
  }

  /** The next block, and its records as rows in the block's order: lane by lane. */
  block(records: number): { readonly bytes: Buffer; readonly rows: Rows } {
    this.#columns.clear();
    const { bytes } = this.mix.block(records);
    const { lane, count } = this.#columns;
    return { bytes, rows: ordered(this.#columns.rows, byLane(lane.values.subarray(0, count))) };
  }

  #see(kind: Kind, laneNumber: number, time: number, values: readonly unknown[], site: number | undefined): void {
    const columns = this.#columns;
    const row = columns.count++;
    const lane = this.#lanes.get(laneNumber)!;
    columns.session.set(row, this.#session);
    columns.time.set(row, time);
    columns.lane.set(row, lane);
    columns.kind.set(row, MIX_KINDS.indexOf(kind));
    if (site !== undefined) columns.name.set(row, this.#sites.get(site)!);
    const number = (place: number) => Number(values[place]);
    if (kind === zoneBegin) this.#open[lane]!.push({ site: this.#sites.get(site ?? 0)!, time });
    else if (kind === zoneEnd) {
      const begun = this.#open[lane]!.pop()!;
      columns.zone.set(row, begun.site);
      columns.duration.set(row, time - begun.time);
    } else if (kind === logMessage) {
      columns.level.set(row, number(0));
      columns.channel.set(row, 0);
      const [count, table] = values[2] as readonly [number, string];
      columns.arg0.set(row, count);
      columns.arg1.set(row, MIX_NAMES.tables.indexOf(table));
    } else {
      columns.object.set(row, this.#objects.get(number(0))!);
      if (kind === lockWait || kind === lockAcquired || kind === lockReleased) {
        columns.mode.set(row, 0);
        this.#pairLock(kind, lane, row, time);
      } else if (kind === memoryAlloc || kind === memoryFree) {
        columns.address.set(row, number(1));
        if (kind === memoryAlloc) columns.size.set(row, number(2));
      } else {
        columns.job.set(row, number(1));
        if (kind === jobEnqueue) columns.depth.set(row, number(2));
        if (kind === jobFinish) columns.outcome.set(row, 0);
      }
    }
  }

  /** A lane of the mix holds one lock at a time. */
  #pairLock(kind: Kind, lane: number, row: number, time: number): void {
    if (kind === lockWait) this.#waiting[lane] = time;
    else if (kind === lockReleased) this.#columns.duration.set(row, time - this.#held[lane]!);
    else {
      this.#held[lane] = time;
      if (this.#waiting[lane]! > 0) this.#columns.wait.set(row, time - this.#waiting[lane]!);
      this.#waiting[lane] = 0;
    }
  }
}
