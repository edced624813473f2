import { createChains } from "./order/chains.ts";
import { createRows, KNOWN_SINCE, ROW } from "./rows.ts";
import type { BaseClass, Lane, Lock, LockSession } from "./state.ts";
import { createTally } from "./tally.ts";

/** `longWait`: nanoseconds of a wait that is told. */
export function createSession(detail: boolean, loops: boolean, longWait: number): LockSession {
  return {
    loops,
    serial: 0,
    now: 0,
    locks: new Map(),
    rows: createRows(),
    rowOfObject: new Int32Array(1024),
    byRow: [],
    holds: [],
    freeHolds: [],
    waits: [],
    freeWaits: [],
    perLane: new Map(),
    lanes: new Map(),
    classes: new Map(),
    nodes: [],
    variants: [],
    contexts: new Map(),
    contextByBit: [],
    tickets: new Map(),
    chains: createChains(),
    findings: new Map(),
    tags: new Map(),
    blocked: createTally(),
    points: createTally(),
    isShared: false,
    endedWaits: [],
    calls: [],
    callsUpTo: 0xffff_ffff,
    holeSince: 0,
    holes: 0,
    doubt: false,
    lastProof: -1,
    detail,
    longWait,
    users: 0,
    leftOut: new Map(),
    records: 0,
    nextSeq: undefined,
    reports: 0,
    edges: 0,
  };
}

export function laneOf(session: LockSession, id: number): Lane {
  const known = session.lanes.get(id);
  if (known !== undefined) return known;
  const made: Lane = {
    id,
    place: -1,
    holds: [],
    waits: [],
    frames: [],
    masks: 0,
    chain: 0,
    gone: false,
    loop: false,
    stands: false,
    standsAt: undefined,
    joins: undefined,
    joinsAt: undefined,
    answers: undefined,
    next: -1,
    last: 0,
    since: session.serial,
    holed: false,
    tries: [],
  };
  session.lanes.set(id, made);
  return made;
}

/** Classes of one session; locks of further ones are followed, but not ordered. */
const CLASSES_MAX = 1 << 16;

/** What `LEFT_OUT` names: the class of all locks beyond the bound. */
const BEYOND = "(classes beyond the bound)";

export function baseClassOf(session: LockSession, name: string): BaseClass {
  const known = session.classes.get(name);
  if (known !== undefined) return known;
  if (session.classes.size >= CLASSES_MAX && name !== BEYOND) {
    session.leftOut.set("classes", (session.leftOut.get("classes") ?? 0) + 1);
    return baseClassOf(session, BEYOND);
  }
  const facts = { live: 0, partial: false, ended: false, tag: 0 };
  const made: BaseClass = { name, named: name === BEYOND, nodes: new Map(), ...facts };
  session.classes.set(name, made);
  return made;
}

/** True for the class that stands for all that are not tracked: nothing follows from it. */
export function isBeyond({ name }: BaseClass): boolean {
  return name === BEYOND;
}

/** Nothing is known of when this lock was last seen: what a finding about it rests on may be in a hole. */
export function isUnsure(session: LockSession, lock: Lock): boolean {
  const knownSince = session.rows.floats[lock.row * ROW + KNOWN_SINCE]!;
  return session.doubt || session.holeSince > knownSince || lock.base.partial || lock.nameless;
}

/** An exclusive holder tells that no other lane can hold the lock now. */
export function noteKnown({ rows, serial }: LockSession, { row }: Lock): void {
  rows.floats[row * ROW + KNOWN_SINCE] = serial;
}
