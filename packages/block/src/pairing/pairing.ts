import type { Table } from "@wayward/record";
import { OP } from "../columns/op.ts";
import { LANE_KINDS } from "../dictionary/tables.ts";
import { Gather } from "../summary/gather.ts";
import type { Dimension } from "../summary/tables.ts";
import { type JobState, JobTable } from "./job-table.ts";
import { LaneState } from "./lane.ts";
import { OPEN } from "./open-list.ts";

/** How many keys a folded key holds in its second part: modes and levels. */
export const FOLD = 8;

const TASK = LANE_KINDS.indexOf("task");

/** What pairing asks of the session's dictionary. */
export interface PairingNames {
  /** Hears what rows refer to, so that a writer defines it. */
  use(table: Table, id: number): void;
  /** Kind (its place in LANE_KINDS) and parent of a lane. */
  laneRow(id: number): { readonly kind: number; readonly parent: number } | undefined;
}

type CreateGather = (created: (key: number) => void) => Gather;

/** Zones that carry an id: they end in any order and on any lane. */
interface LooseZone {
  readonly name: number;
  readonly start: number;
  readonly lane: number;
  readonly eventNo: number;
}

/**
 * Pairs begins with ends across blocks and gathers what is summed for the
 * block in the making. Pure: times and numbers in, rows and open entries out.
 */
export class Pairing {
  readonly lanes = new Map<number, LaneState>();
  readonly loose = new Map<number, LooseZone>();
  readonly jobs = new JobTable();
  readonly gathers: Readonly<Record<Exclude<Dimension, "kind" | "lane" | "key">, Gather>>;
  /** Lanes that exited in the block in the making. */
  readonly exited: number[] = [];
  #times: Float64Array = new Float64Array(0);
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
  }

  lane(id: number): LaneState {
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

  /** Says when the block's records were made: nanoseconds since the session's start, negative ones as 0. */
  setTimes(times: Float64Array): void {
    this.#times = times;
  }

  /**
   * Record `index` of the block: `first` and `second` are its first two fields
   * as whole numbers, 0 where it lacks them (the order of fields is that of
   * packages/record; a zone that names none has its site's name as first).
   * Its time is taken from `setTimes`: an argument of 64 bits would be an
   * object for each call.
   */
  apply(op: number, lane: LaneState, first: number, second: number, eventNo: number, index: number): void {
    const time = this.#times[index]!;
    switch (op) {
      case OP.zoneBegin:
        if (second === 0) lane.zones.push(first, 0, time, eventNo);
        else this.loose.set(second, { name: first, start: time, lane: lane.id, eventNo });
        break;
      case OP.zoneEnd:
        this.#zoneEnd(lane, first, time, index);
        break;
      case OP.lockWait:
        lane.wait.length = 0;
        lane.wait.push(first, second & (FOLD - 1), time, eventNo);
        break;
      case OP.lockAcquired:
        this.#endWait(lane, first, second & (FOLD - 1), time, index);
        lane.held.push(first, second & (FOLD - 1), time, eventNo);
        this.#holder(lane, first, second & (FOLD - 1));
        break;
      case OP.lockReleased:
        this.#lockReleased(lane, first, time, index);
        break;
      case OP.lockTimedOut:
        this.#endWait(lane, first, second & (FOLD - 1), time, index);
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
        this.#jobEnqueued(lane, first, second, time, eventNo, index);
        break;
      case OP.jobStart:
        this.#jobStarted(lane, first, second, time, eventNo, index);
        break;
      case OP.jobFinish:
        this.#jobFinished(lane, first, second, time, eventNo, index);
        break;
      case OP.contextEnter:
        lane.contexts.push(first, 0, time, eventNo);
        break;
      case OP.contextExit: {
        const at = lane.contexts.findLast(first);
        if (at >= 0) lane.contexts.remove(at);
        break;
      }
      case OP.threadExit:
        lane.close();
        this.exited.push(lane.id);
        break;
    }
  }

  /** Forgets the lanes that exited, but not how far their records are counted. */
  forgetExited(): void {
    for (const id of this.exited) {
      if (id >= this.#exitedAt.length) this.#exitedAt = grown(this.#exitedAt, new Float64Array(sizeFor(id)));
      this.#exitedAt[id] = this.lanes.get(id)?.nextEventNo ?? this.#exitedAt[id]!;
      this.lanes.delete(id);
    }
    this.exited.length = 0;
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
    for (const [id, zone] of this.loose) made.loose.set(id, zone);
    this.jobs.copyInto(made.jobs);
    made.#lastHolder = this.#lastHolder.slice();
    made.#exitedAt = this.#exitedAt.slice();
  }

  #zoneEnd(lane: LaneState, id: number, time: number, index: number): void {
    const { zones } = lane;
    if (id === 0) {
      if (zones.length === 0) return;
      const last = --zones.length;
      const duration = span(zones.get(last, OPEN.start), time);
      this.gathers.zone.measure(zones.get(last, OPEN.id), duration, index);
      if (last === 0) this.gathers.busy.measure(lane.counted, duration, index);
      return;
    }
    const zone = this.loose.get(id);
    if (zone === undefined) return;
    this.loose.delete(id);
    this.gathers.zone.measure(zone.name, span(zone.start, time), index);
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
    const other = this.lane(to).held;
    const unsure = held.get(at, OPEN.unsure);
    other.push(lock, held.get(at, OPEN.detail), held.get(at, OPEN.start), held.get(at, OPEN.eventNo));
    if (unsure !== 0) other.setUnsure(other.length - 1);
    held.remove(at);
  }

  #jobEnqueued(lane: LaneState, queue: number, job: number, time: number, eventNo: number, index: number): void {
    const state = this.jobs.state(queue, job, lane.id, eventNo);
    state.enqueued = time;
    if (state.started >= 0) this.gathers.queueWait.measure(queue, span(time, state.started), index);
    this.#jobOver(state, index);
  }

  #jobStarted(lane: LaneState, queue: number, job: number, time: number, eventNo: number, index: number): void {
    const state = this.jobs.state(queue, job, lane.id, eventNo);
    state.started = time;
    state.lane = lane.id;
    state.eventNo = eventNo;
    if (state.enqueued >= 0) this.gathers.queueWait.measure(queue, span(state.enqueued, time), index);
    this.#jobOver(state, index);
  }

  #jobFinished(lane: LaneState, queue: number, job: number, time: number, eventNo: number, index: number): void {
    const state = this.jobs.state(queue, job, lane.id, eventNo);
    state.finished = time;
    this.#jobOver(state, index);
  }

  #jobOver(state: JobState, index: number): void {
    if (!(state.started >= 0 && state.finished >= 0)) return;
    this.gathers.queueRun.measure(state.queue, span(state.started, state.finished), index);
    this.jobs.delete(state);
  }
}

function setMode({ held }: LaneState, lock: number, mode: number): void {
  const at = held.findLast(lock);
  if (at >= 0) held.setDetail(at, mode);
}

/** Clocks that step back give 0, never a negative duration. */
function span(start: number, end: number): number {
  return end > start ? end - start : 0;
}

/** Places for an array that is to hold `index`. */
function sizeFor(index: number): number {
  return 2 ** Math.ceil(Math.log2(index + 1));
}

function grown<T extends Float64Array | Uint32Array>(old: T, made: T): T {
  made.set(old);
  return made;
}
