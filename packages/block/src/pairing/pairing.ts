import type { Table } from "@wayward/record";
import { LANE_KINDS } from "../dictionary/tables.ts";
import { Gather } from "../summary/gather.ts";
import type { Dimension } from "../summary/tables.ts";
import { LaneState } from "./lane.ts";

/** How many keys a folded key holds in its second part: modes and levels. */
export const FOLD = 8;
/** Jobs whose other half is still awaited; beyond it the oldest is forgotten. */
const JOBS_MAX = 100_000;

const TASK = LANE_KINDS.indexOf("task");

/** What pairing asks of the session's dictionary. */
export interface PairingNames {
  /** Hears what rows refer to, so that a writer defines it. */
  use(table: Table, id: number): void;
  /** Kind (its place in LANE_KINDS) and parent of a lane. */
  laneRow(id: number): { readonly kind: number; readonly parent: number } | undefined;
}

type CreateGather = (created: (key: number) => void) => Gather;

interface JobState {
  readonly queue: number;
  readonly job: number;
  enqueued: number | undefined;
  started: number | undefined;
  finished: number | undefined;
  lane: number;
  eventNo: number;
}

/** Zones that carry an id: they end in any order and on any lane. */
interface LooseZone {
  readonly name: number;
  readonly site: number;
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
  /** By queue and job. */
  readonly jobs = new Map<number | string, JobState>();
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

  zoneBegin(lane: LaneState, name: number, site: number, id: number, time: number, eventNo: number): void {
    if (id === 0) lane.zones.push({ name, site, start: time, eventNo, unsure: false });
    else this.loose.set(id, { name, site, start: time, lane: lane.id, eventNo });
  }

  zoneEnd(lane: LaneState, id: number, time: number, index: number): void {
    const zone = id === 0 ? lane.zones.pop() : this.loose.get(id);
    if (id !== 0) this.loose.delete(id);
    if (zone === undefined) return;
    const duration = span(zone.start, time);
    this.gathers.zone.measure(zone.name, duration, index);
    if (id === 0 && lane.zones.length === 0) this.gathers.busy.measure(lane.counted, duration, index);
  }

  lockWait(lane: LaneState, lock: number, mode: number, time: number, eventNo: number): void {
    lane.waitLock = lock;
    lane.waitMode = mode;
    lane.waitStart = time;
    lane.waitEventNo = eventNo;
    lane.waitUnsure = false;
  }

  lockAcquired(lane: LaneState, lock: number, mode: number, time: number, eventNo: number, index: number): void {
    if (lane.waitLock === lock) {
      this.gathers.lockWait.measure(lock * FOLD + mode, span(lane.waitStart, time), index);
      lane.waitLock = 0;
    }
    lane.held.push({ lock, mode, start: time, eventNo, unsure: false });
    if (lock >= this.#lastHolder.length) this.#lastHolder = grown(this.#lastHolder, new Uint32Array(sizeFor(lock)));
    const last = this.#lastHolder[lock]!;
    if (last === lane.id) return;
    this.#lastHolder[lock] = lane.id;
    if (last === 0) return;
    const row = this.gathers.lockHold.row(lock * FOLD + mode);
    if (row >= 0) this.gathers.lockHold.extras[row]!++;
  }

  lockReleased(lane: LaneState, lock: number, time: number, index: number): void {
    const held = takeHeld(lane, lock) ?? this.#takeElsewhere(lock);
    if (held !== undefined) this.gathers.lockHold.measure(held.lock * FOLD + held.mode, span(held.start, time), index);
  }

  /** A wait that ended without the lock. */
  lockTimedOut(lane: LaneState, lock: number, mode: number, time: number, index: number): void {
    if (lane.waitLock !== lock) return;
    this.gathers.lockWait.measure(lock * FOLD + mode, span(lane.waitStart, time), index);
    lane.waitLock = 0;
  }

  lockMode(lane: LaneState, lock: number, mode: number): void {
    const held = lane.held.findLast((entry) => entry.lock === lock);
    if (held !== undefined) held.mode = mode;
  }

  lockHandedOver(lane: LaneState, lock: number, to: number): void {
    const held = takeHeld(lane, lock);
    if (held !== undefined) this.lane(to).held.push(held);
  }

  contextEnter(lane: LaneState, name: number, time: number, eventNo: number): void {
    lane.contexts.push({ name, start: time, eventNo, unsure: false });
  }

  contextExit(lane: LaneState, name: number): void {
    const at = lane.contexts.findLastIndex((context) => context.name === name);
    if (at >= 0) lane.contexts.splice(at, 1);
  }

  jobEvent(
    what: "enqueued" | "started" | "finished",
    lane: LaneState,
    queue: number,
    job: number,
    time: number,
    eventNo: number,
    index: number,
  ): void {
    // A number hashes in a third of the time; job numbers over 2^31 are rare.
    const key = job < 0x8000_0000 && queue < 0x20_0000 ? queue * 0x8000_0000 + job : `${queue}/${job}`;
    let state = this.jobs.get(key);
    if (state === undefined) {
      state = { queue, job, enqueued: undefined, started: undefined, finished: undefined, lane: lane.id, eventNo };
      this.jobs.set(key, state);
      if (this.jobs.size > JOBS_MAX) this.jobs.delete(this.jobs.keys().next().value ?? "");
    }
    state[what] = time;
    if (what === "started") {
      state.lane = lane.id;
      state.eventNo = eventNo;
    }
    if (what !== "finished" && state.enqueued !== undefined && state.started !== undefined) {
      this.gathers.queueWait.measure(queue, span(state.enqueued, state.started), index);
    }
    if (state.started !== undefined && state.finished !== undefined) {
      this.gathers.queueRun.measure(queue, span(state.started, state.finished), index);
      this.jobs.delete(key);
    }
  }

  /** The lane is gone: nothing on it is open any more. */
  laneExit(lane: LaneState): void {
    lane.zones.length = 0;
    lane.held.length = 0;
    lane.contexts.length = 0;
    lane.waitLock = 0;
    this.exited.push(lane.id);
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
    for (const [key, job] of this.jobs) made.jobs.set(key, { ...job });
    made.#lastHolder = this.#lastHolder.slice();
    made.#exitedAt = this.#exitedAt.slice();
  }

  #takeElsewhere(lock: number) {
    const holder = this.lanes.get(this.#lastHolder[lock] ?? 0);
    return holder === undefined ? undefined : takeHeld(holder, lock);
  }
}

function takeHeld(lane: LaneState, lock: number) {
  const { held } = lane;
  for (let at = held.length - 1; at >= 0; at--) {
    const entry = held[at]!;
    if (entry.lock !== lock) continue;
    if (at === held.length - 1) held.pop();
    else held.splice(at, 1);
    return entry;
  }
  return undefined;
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
