import { createChains } from "./order/chains.ts";
import type { BaseClass, Lane, Lock, LockSession } from "./state.ts";

/** `longWait`: nanoseconds of a wait that is told. */
export function createSession(detail: boolean, loops: boolean, longWait: number): LockSession {
  return {
    loops,
    serial: 0,
    now: 0,
    locks: new Map(),
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
    blocked: new Map(),
    points: new Map(),
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
  const made: BaseClass = { name, named: name === BEYOND, live: 0, nodes: new Map(), partial: false, ended: false };
  session.classes.set(name, made);
  return made;
}

/** True for the class that stands for all that are not tracked: nothing follows from it. */
export function isBeyond({ name }: BaseClass): boolean {
  return name === BEYOND;
}

/** Nothing is known of when this lock was last seen: what a finding about it rests on may be in a hole. */
export function isUnsure(session: LockSession, lock: Lock): boolean {
  return session.doubt || session.holeSince > lock.knownSince || lock.base.partial || lock.nameless;
}
