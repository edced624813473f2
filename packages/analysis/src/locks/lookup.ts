import { type Dictionary, type ObjectEntry, SCOPES } from "@wayward/block";
import { WAITS } from "@wayward/record";
import { refreshRow } from "./holders.ts";
import { addRow } from "./rows.ts";
import { baseClassOf } from "./session.ts";
import type { ClassNode, Lock, LockSession, Variant } from "./state.ts";

/** Locks of one session that are followed, a KB each; records of further ones are counted only. */
const LOCKS_MAX = 1 << 18;

/** True if there is no room for another lock: its record is left out. */
export function leavesOut({ locks, leftOut }: LockSession): boolean {
  if (locks.size < LOCKS_MAX) return false;
  leftOut.set("records of further locks", (leftOut.get("records of further locks") ?? 0) + 1);
  return true;
}

/** The lock of an object's number, as this lane knows it. */
export function lockOf(session: LockSession, dictionary: Dictionary, object: number, lane: number): Lock {
  const known = session.locks.get(object) ?? makeLock(session, dictionary, object);
  if (!known.perLane) return known;
  const key = `${object}/${lane}`;
  const own = session.perLane.get(key);
  if (own !== undefined) return own;
  const made: Lock = { ...known, ...freshParts(session) };
  session.byRow[made.row] = made;
  session.perLane.set(key, made);
  return made;
}

function makeLock(session: LockSession, dictionary: Dictionary, object: number): Lock {
  const entry: ObjectEntry | undefined = dictionary.object(object);
  const name = dictionary.objectName(object);
  const base = baseClassOf(session, entry?.class ?? name);
  if (entry === undefined || entry.instance !== "") base.named = true;
  const waits = WAITS.indexOf(entry?.waits ?? "");
  const inside = WAITS.indexOf(entry?.waitsInside ?? "");
  const scope = entry?.scope ?? "process";
  if (scope !== SCOPES[0]) session.isShared = true;
  const made: Lock = {
    name: entry === undefined || entry.instance === "" ? name : entry.instance,
    type: entry?.type ?? "",
    shared: scope === SCOPES[0] ? "" : `${scope} ${entry?.shared || name}`,
    perLane: entry?.perLane ?? false,
    nameless: entry === undefined,
    waits,
    inside: inside === 0 ? waits : inside,
    base,
    ...freshParts(session),
  };
  session.locks.set(object, made);
  session.byRow[made.row] = made;
  if (!made.perLane) noteRow(session, object, made.row);
  return made;
}

/** Objects whose row is found by their number; that of others is found by their lock. */
const OBJECTS_MAX = 1 << 20;

function noteRow(session: LockSession, object: number, row: number): void {
  if (object >= OBJECTS_MAX) return;
  if (object >= session.rowOfObject.length) {
    const larger = new Int32Array(2 ** Math.ceil(Math.log2(object + 1)));
    larger.set(session.rowOfObject);
    session.rowOfObject = larger;
  }
  session.rowOfObject[object] = row + 1;
}

/** What a lock has that nobody has used. */
function freshParts({ rows }: LockSession) {
  return {
    row: addRow(rows),
    state: "unused" as const,
    holds: [],
    waiters: [],
    variants: new Map<number, Variant>(),
    variant: undefined,
    leftTicket: false,
    sleepers: [],
    lostSignals: [],
    parties: 0,
    arrived: [],
    nested: undefined,
    users: undefined,
    calls: undefined,
  };
}

/** What a chain holds of a lock acquired at a subclass. */
export function variantOf(session: LockSession, lock: Lock, subclass: number): Variant {
  const known = lock.variants.get(subclass);
  if (known !== undefined) return known;
  const node = nodeOf(session, lock, subclass);
  const same = node.variants.find(({ waits, inside }) => waits === lock.waits && inside === lock.inside);
  const made = same ?? { id: session.variants.length, node, waits: lock.waits, inside: lock.inside };
  if (same === undefined) {
    session.variants.push(made);
    node.variants.push(made);
  }
  lock.variants.set(subclass, made);
  if (subclass === 0) {
    lock.variant = made;
    refreshRow(session, lock);
  }
  return made;
}

function nodeOf(session: LockSession, { base, perLane, shared }: Lock, subclass: number): ClassNode {
  const known = base.nodes.get(subclass);
  const common = shared === "" ? "" : `${shared.split(" ", 1)[0]} ${base.name}/${subclass}`;
  if (known !== undefined) {
    // Locks of one's own among shared ones: others do not know the class as a whole.
    if (known.shared !== common) known.shared = "";
    return known;
  }
  const made: ClassNode = {
    id: session.nodes.length,
    name: subclass === 0 ? base.name : `${base.name}/${subclass}`,
    base,
    subclass,
    perLane,
    shared: common,
    usedIn: [0, 0],
    enabled: [0, 0],
    held: [false, false],
    out: new Map(),
    in: new Map(),
    usedAt: new Map(),
    variants: [],
  };
  session.nodes.push(made);
  base.nodes.set(subclass, made);
  return made;
}
