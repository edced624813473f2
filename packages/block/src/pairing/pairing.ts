import type { Table } from "@wayward/record";
import { OP } from "../columns/op.ts";
import { LANE_KINDS } from "../dictionary/tables.ts";
import { Gather } from "../summary/gather.ts";
import type { Dimension } from "../summary/tables.ts";
import { FamilySplit } from "./families.ts";
import { OpenJobs } from "./jobs.ts";
import { LaneState } from "./lane.ts";
import { OPEN } from "./open-list.ts";
import { OpenTable, TABLE_COLUMNS } from "./open-table.ts";
import type { LaneEventNos, PairedRecords } from "./records.ts";
import { span } from "./span.ts";
import { ZonePairs } from "./zone-pairs.ts";

/** How many keys a folded key holds in its second part: modes and levels. */
export const FOLD = 8;

/** Memory of all pairings: one lane is paired at a time. */
const split = new FamilySplit();
const pairs = new ZonePairs();

const TASK = LANE_KINDS.indexOf("task");

/** What pairing asks of the session's dictionary. */
export interface PairingNames {
  /** Hears what rows refer to, so that a writer defines it. */
  use(table: Table, id: number): void;
  /** Kind (its place in LANE_KINDS) and parent of a lane. */
  laneRow(id: number): { readonly kind: number; readonly parent: number } | undefined;
}

type CreateGather = (created: (key: number) => void) => Gather;

/** What is kept of a zone that carries an id: it may end in any order and on any lane. */
export const LOOSE = { name: 0, start: 1, lane: 2, eventNo: 3 } as const;

/**
 * Pairs begins with ends across blocks and gathers what is summed for the
 * block in the making. Pure: times and numbers in, rows and open entries out.
 */
export class Pairing {
  readonly lanes = new Map<number, LaneState>();
  /** Zones by 0 and their id. */
  readonly loose = new OpenTable();
  readonly jobs: OpenJobs;
  readonly gathers: Readonly<Record<Exclude<Dimension, "kind" | "lane" | "key">, Gather>>;
  /** Lanes that exited in the block in the making. */
  readonly exited: number[] = [];
  #lastHolder = new Uint32Array(256);
  /** Event numbers of lanes that exited, should they speak again. */
  #exitedAt = new Float64Array(256);
  readonly #dictionary: PairingNames;
  readonly #createGather: CreateGather;

  constructor(dictionary: PairingNames, createGather: CreateGather = (created) => new Gather(created)) {
    this.#dictionary = dictionary;
    this.#createGather = createGather;
    const strings = (key: number) => dictionary.use("string", key);
    const objects = (key: number) => dictionary.use("object", key);
    const folded = (use: (key: number) => void) => (key: number) => use(Math.floor(key / FOLD));
    this.gathers = {
      zone: createGather(strings),
      channel: createGather(folded(strings)),
      queueWait: createGather(objects),
      queueRun: createGather(objects),
      lockWait: createGather(folded(objects)),
      lockHold: createGather(folded(objects)),
      busy: createGather((key) => dictionary.use("lane", key)),
    };
    this.jobs = new OpenJobs(this.gathers.queueWait, this.gathers.queueRun);
  }

  /** What is open on a lane. */
  state(id: number): LaneState {
    const known = this.lanes.get(id);
    if (known !== undefined) return known;
    const row = this.#dictionary.laneRow(id);
    const counted = row !== undefined && row.kind === TASK && row.parent !== 0 ? row.parent : id;
    const made = new LaneState(id, counted);
    made.nextEventNo = this.#exitedAt[id] ?? 0;
    this.lanes.set(id, made);
    return made;
  }

  clearGathers(): void {
    for (const gather of Object.values(this.gathers)) gather.clear();
  }

  /** Pairs the records of one lane: each family in its order. */
  lane(id: number, records: PairedRecords, count: number, eventNos: LaneEventNos): void {
    const lane = this.state(id);
    const { slots, operands } = records;
    const until = eventNos.from + count;
    let from = eventNos.from;
    while (from < until) {
      const end = split.take(slots, operands.families, from, until);
      if (operands.plainBegin < 0) this.#each(lane, records, split.zones, split.zoneCount, eventNos);
      else if (split.zoneCount > 0) this.#plainZones(lane, records, eventNos);
      this.#locks(lane, records, split.locks, split.lockCount, eventNos);
      this.#each(lane, records, split.rest, split.restCount, eventNos);
      if (end < until) this.#exit(lane);
      from = end + 1;
    }
  }

  /** Pairs records of locks. The usual ones are answered here: a lock is acquired without a wait, and the latest one is released. */
  #locks(lane: LaneState, records: PairedRecords, at: Uint32Array, count: number, eventNos: LaneEventNos): void {
    const { slots, times, operands } = records;
    const { ops, next } = operands;
    const { held, wait, id } = lane;
    const { lockHold } = this.gathers;
    const { first, from, all } = eventNos;
    for (let place = 0; place < count; place++) {
      const index = at[place]!;
      const slot = slots[index]!;
      const op = ops[slot]!;
      const eventNo = all === undefined ? first + (index - from) : all[index]!;
      if (op === OP.lockAcquired && wait.length === 0) {
        const record = next[slot]!++;
        const lock = operands.first(slot, record);
        const mode = operands.second(slot, record) & (FOLD - 1);
        held.push(lock, mode, times[index]!, eventNo);
        if (this.#lastHolder[lock] !== id) this.#holder(lane, lock, mode);
      } else if (op === OP.lockReleased) {
        const lock = operands.first(slot, next[slot]!++);
        const last = held.length - 1;
        if (last >= 0 && held.get(last, OPEN.id) === lock) {
          held.length = last;
          lockHold.measure(
            lock * FOLD + held.get(last, OPEN.detail),
            span(held.get(last, OPEN.start), times[index]!),
            index,
          );
        } else this.#lockReleased(lane, lock, times[index]!, index);
      } else this.#one(lane, records, index, eventNo);
    }
  }

  /** Pairs the records of one family one by one. */
  #each(lane: LaneState, records: PairedRecords, at: Uint32Array, count: number, eventNos: LaneEventNos): void {
    const { first, from, all } = eventNos;
    for (let place = 0; place < count; place++) {
      const index = at[place]!;
      this.#one(lane, records, index, all === undefined ? first + (index - from) : all[index]!);
    }
  }

  /** Pairs zones of which none carries an id. */
  #plainZones({ zones, counted }: LaneState, records: PairedRecords, eventNos: LaneEventNos): void {
    pairs.pair(zones, records, split.zones, split.zoneCount, eventNos);
    const { names, durations, indexes, outermost } = pairs;
    this.gathers.zone.measureAll(names, durations, indexes, pairs.count);
    for (let place = 0; place < pairs.outermostCount; place++) {
      const pair = outermost[place]!;
      this.gathers.busy.measure(counted, durations[pair]!, indexes[pair]!);
    }
  }

  #one(lane: LaneState, { slots, times, operands }: PairedRecords, index: number, eventNo: number): void {
    const slot = slots[index]!;
    const place = operands.next[slot]!++;
    const first = operands.first(slot, place);
    const second = operands.second(slot, place);
    const time = times[index]!;
    const mode = second & (FOLD - 1);
    switch (operands.ops[slot]) {
      case OP.zoneBegin:
      case OP.zoneBeginPlain:
        if (second === 0) lane.zones.push(first, 0, time, eventNo);
        else this.openLoose(second, first, time, lane.id, eventNo);
        break;
      case OP.zoneEnd:
      case OP.zoneEndPlain:
        if (first === 0) this.#zoneEnd(lane, time, index);
        else this.#looseEnd(first, time, index);
        break;
      case OP.lockWait:
        lane.wait.length = 0;
        lane.wait.push(first, mode, time, eventNo);
        break;
      case OP.lockAcquired:
        this.#endWait(lane, first, mode, time, index);
        lane.held.push(first, mode, time, eventNo);
        this.#holder(lane, first, mode);
        break;
      case OP.lockReleased:
        this.#lockReleased(lane, first, time, index);
        break;
      case OP.lockTimedOut:
        this.#endWait(lane, first, mode, time, index);
        break;
      case OP.lockUpgraded:
        setMode(lane, first, 0);
        break;
      case OP.lockDowngraded:
        setMode(lane, first, 1);
        break;
      case OP.lockHandedOver:
        this.#lockHandedOver(lane, first, second);
        break;
      case OP.jobEnqueue:
        this.jobs.enqueue(first, second, time, lane.id, eventNo, index);
        break;
      case OP.jobStart:
        this.jobs.start(first, second, time, lane.id, eventNo, index);
        break;
      case OP.jobFinish:
        this.jobs.finish(first, second, time, lane.id, eventNo, index);
        break;
      case OP.contextEnter:
        lane.contexts.push(first, 0, time, eventNo);
        break;
      case OP.contextExit: {
        const at = lane.contexts.findLast(first);
        if (at >= 0) lane.contexts.remove(at);
        break;
      }
    }
  }

  #exit(lane: LaneState): void {
    lane.close();
    this.exited.push(lane.id);
  }

  /** Forgets the lanes that exited, but not how far their records are counted, and the jobs that are over. */
  endBlock(): void {
    for (const id of this.exited) {
      if (id >= this.#exitedAt.length) this.#exitedAt = grown(this.#exitedAt, new Float64Array(sizeFor(id)));
      this.#exitedAt[id] = this.lanes.get(id)?.nextEventNo ?? this.#exitedAt[id]!;
      this.lanes.delete(id);
    }
    this.exited.length = 0;
    this.jobs.endBlock();
  }

  copy(): Pairing {
    const made = new Pairing(this.#dictionary, this.#createGather);
    this.copyInto(made);
    return made;
  }

  /** Puts back what `copy` kept. */
  restore(from: Pairing): void {
    this.lanes.clear();
    this.loose.clear();
    this.jobs.clear();
    this.exited.length = 0;
    from.copyInto(this);
  }

  copyInto(made: Pairing): void {
    for (const [id, lane] of this.lanes) made.lanes.set(id, lane.copy());
    this.loose.copyInto(made.loose);
    this.jobs.table.copyInto(made.jobs.table);
    made.#lastHolder = this.#lastHolder.slice();
    made.#exitedAt = this.#exitedAt.slice();
  }

  /** Puts in a zone that carries an id. */
  openLoose(id: number, name: number, start: number, lane: number, eventNo: number): void {
    const { loose } = this;
    const known = loose.find(0, id);
    const at = (known < 0 ? loose.add(0, id) : known) * TABLE_COLUMNS;
    loose.data[at] = name;
    loose.data[at + LOOSE.start] = start;
    loose.data[at + LOOSE.lane] = lane;
    loose.data[at + LOOSE.eventNo] = eventNo;
  }

  #zoneEnd({ zones, counted }: LaneState, time: number, index: number): void {
    if (zones.length === 0) return;
    const last = --zones.length;
    const duration = span(zones.get(last, OPEN.start), time);
    this.gathers.zone.measure(zones.get(last, OPEN.id), duration, index);
    if (last === 0) this.gathers.busy.measure(counted, duration, index);
  }

  #looseEnd(id: number, time: number, index: number): void {
    const { loose } = this;
    const place = loose.find(0, id);
    if (place < 0) return;
    const at = place * TABLE_COLUMNS;
    this.gathers.zone.measure(loose.data[at]!, span(loose.data[at + LOOSE.start]!, time), index);
    loose.remove(place);
  }

  /** A wait that ended, with the lock or without. */
  #endWait({ wait }: LaneState, lock: number, mode: number, time: number, index: number): void {
    if (wait.length === 0 || wait.get(0, OPEN.id) !== lock) return;
    wait.length = 0;
    this.gathers.lockWait.measure(lock * FOLD + mode, span(wait.get(0, OPEN.start), time), index);
  }

  /** Counts a change of lane. */
  #holder(lane: LaneState, lock: number, mode: number): void {
    if (lock >= this.#lastHolder.length) this.#lastHolder = grown(this.#lastHolder, new Uint32Array(sizeFor(lock)));
    const last = this.#lastHolder[lock]!;
    if (last === lane.id) return;
    this.#lastHolder[lock] = lane.id;
    if (last !== 0) this.gathers.lockHold.extra(lock * FOLD + mode);
  }

  #lockReleased(lane: LaneState, lock: number, time: number, index: number): void {
    let { held } = lane;
    let at = held.findLast(lock);
    if (at < 0) {
      // Another lane's: locks may be released by others than who took them.
      held = this.lanes.get(this.#lastHolder[lock] ?? 0)?.held ?? held;
      at = held.findLast(lock);
      if (at < 0) return;
    }
    const mode = held.get(at, OPEN.detail);
    const duration = span(held.get(at, OPEN.start), time);
    held.remove(at);
    this.gathers.lockHold.measure(lock * FOLD + mode, duration, index);
  }

  #lockHandedOver({ held }: LaneState, lock: number, to: number): void {
    const at = held.findLast(lock);
    if (at < 0) return;
    const other = this.state(to).held;
    const unsure = held.get(at, OPEN.unsure);
    other.push(lock, held.get(at, OPEN.detail), held.get(at, OPEN.start), held.get(at, OPEN.eventNo));
    if (unsure !== 0) other.setUnsure(other.length - 1);
    held.remove(at);
  }
}

function setMode({ held }: LaneState, lock: number, mode: number): void {
  const at = held.findLast(lock);
  if (at >= 0) held.setDetail(at, mode);
}

/** Places for an array that is to hold `index`. */
function sizeFor(index: number): number {
  return 2 ** Math.ceil(Math.log2(index + 1));
}

function grown<T extends Float64Array | Uint32Array>(old: T, made: T): T {
  made.set(old);
  return made;
}
