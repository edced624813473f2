/*
 * What the lock analyses know of one session, as plain data without methods:
 * checkpoint.ts writes all of it.
 */
import type { Finding } from "../finding.ts";
import type { ChainTable } from "./order/chains.ts";
import type { LockRows } from "./rows.ts";
import type { Tally } from "./tally.ts";

export const MODE = { exclusive: 0, shared: 1, sharedRecursive: 2 } as const;

/** A record as findings and reports name it, with its place in the code. */
export interface Place {
  readonly lane: number;
  readonly eventNo: number;
  /** Nanoseconds since the session's start. */
  readonly time: number;
  /** Numbers in the session's dictionary, 0 for none. */
  readonly site: number;
  readonly stack: number;
}

/** A class with its subclass: a node of the order graph. */
export interface ClassNode {
  readonly id: number;
  /** As a person reads it: the class, with the subclass where there is one. */
  readonly name: string;
  readonly base: BaseClass;
  readonly subclass: number;
  readonly perLane: boolean;
  /** Shared with other processes: the class as they all name it; empty where any lock of it is this one's own. */
  shared: string;
  /** Bits of contexts it is acquired in, and held with enabled: by writers at 0, by readers at 1. */
  readonly usedIn: [number, number];
  readonly enabled: [number, number];
  /** Held at all by writers, by readers. */
  readonly held: [boolean, boolean];
  /** By the other node's id. */
  readonly out: Map<number, Edge>;
  readonly in: Map<number, Edge>;
  /** The records that were first to use it so: `in` or `on`, context's bit, 0 or 1. */
  readonly usedAt: Map<string, Place>;
  /** One for each kind of waiting of its locks. */
  readonly variants: Variant[];
}

/** One class was acquired while another was held. */
export interface Edge {
  readonly from: ClassNode;
  readonly to: ClassNode;
  /** Bits of DEPENDENCY: how it was held and how it was taken. */
  bits: number;
  /** Where it was seen first, or first for sure: the acquisition of what was held, and of what was taken. */
  held: Place;
  taken: Place;
  /** How often it was seen, as far as chains were counted into it. */
  count: number;
  /** It rests on a hold whose end may be in a hole of the records. */
  unsure: boolean;
}

/** A class without its subclasses. */
export interface BaseClass {
  readonly name: string;
  /** Its locks have names of their own: it outlives each of them. */
  named: boolean;
  /** Locks that are not destroyed. */
  live: number;
  readonly nodes: Map<number, ClassNode>;
  /** Records of its locks are left out by the agent: switched off, contention only, or sampled. */
  partial: boolean;
  ended: boolean;
  /** Number of its name among those of contended locks and classes, plus one; 0 where it has none. */
  tag: number;
}

/** A class as locks of one kind of waiting use it: what a chain is made of. */
export interface Variant {
  readonly id: number;
  readonly node: ClassNode;
  /** Places in WAITS; 0 where nobody told. */
  readonly waits: number;
  readonly inside: number;
}

export interface Lock {
  readonly name: string;
  readonly type: string;
  /** Shared with other processes: the name they all use; empty for this one's own. */
  readonly shared: string;
  readonly perLane: boolean;
  /** What defines it is missing: it may be one that is known by another name. */
  readonly nameless: boolean;
  readonly waits: number;
  readonly inside: number;
  base: BaseClass;
  /** Its place in the session's rows, where the numbers are that most records need. */
  readonly row: number;
  /** `setState` of lifetime.ts changes it. */
  state: "unused" | "live" | "destroyed";
  /** Who holds it, where its row says MANY; `holdersOf` says it in any case. */
  holds: readonly Hold[];
  /** Who waits for it, where its row says MANY; `waitersOf` says it in any case. */
  waiters: readonly Wait[];
  /** By subclass. */
  variants: Map<number, Variant>;
  /** The one of subclass 0. */
  variant: Variant | undefined;
  /** A plain release has left a ticket on it. */
  leftTicket: boolean;
  /** Of a condition: who waits. */
  sleepers: Sleeper[];
  /** Of a condition: signals that met nobody. */
  lostSignals: LostSignal[];
  /** Of a barrier: how many waits name; 0 before one does. Who waits. */
  parties: number;
  arrived: Place[];
  /** Rows of its contention by subclass, for those from 1 on. */
  nested: Map<number, number> | undefined;
  /** Who used it, where that is asked for: by userKey, places as in USER. */
  users: Map<number, Float64Array> | undefined;
  /** Of a condition: how it was signalled. */
  calls: ConditionCalls | undefined;
}

export interface ConditionCalls {
  signals: number;
  broadcasts: number;
  /** Of both, those that met nobody. */
  lost: number;
}

export interface Hold {
  /** In the session's table of holds; -1 once its lock does not name it there any more. */
  place: number;
  /** The lock's, and the one in which the hold is counted: that of its subclass. */
  row: number;
  counted: number;
  lane: Lane;
  mode: number;
  /** Number of its variant. */
  variant: number;
  /** How many contexts the lane had entered when it was taken. */
  level: number;
  tried: boolean;
  /** 0 without. */
  ticket: number;
  /** Rising number of the record that took it. */
  since: number;
  /** More than 1 for a lock taken again. */
  depth: number;
  pins: number;
  /** The lane's chain before it was taken. */
  before: number;
  /** A hole in the records may hide its end. */
  unsure: boolean;
  /** What was found as it was granted to another lane too: proven once its own lane releases it. */
  excluded: Finding | undefined;
  /** Since `time`, in nanoseconds: when its lane had it again from a condition's wait; 0 without one. */
  resumed: number;
  time: number;
  eventNo: number;
  site: number;
  stack: number;
}

/** An acquisition that has begun and not ended. */
export interface Wait {
  /** In the session's table of waits; -1 once its lock does not name it there any more. */
  place: number;
  /** The lock's. */
  readonly row: number;
  /** The row in which the wait is counted: that of its subclass. */
  readonly counted: number;
  readonly lane: Lane;
  readonly mode: number;
  readonly subclass: number;
  readonly since: number;
  readonly at: Place;
  readonly ticket: number;
  /** A hole in the records may hide its end. */
  unsure: boolean;
  /** It was found to last long. */
  told: boolean;
}

/** A wait that has ended, of a lane that held locks meanwhile. */
interface EndedWait extends Taken {
  readonly holds: readonly Taken[];
  /** Nanoseconds since the session's start. */
  readonly until: number;
}

/** A lock that was held or waited for. */
export interface Taken {
  readonly lock: Lock;
  readonly mode: number;
  readonly at: Place;
}

/** A call that a lane answers. */
interface Answer {
  /** Trace and span, 48 hex digits. */
  readonly call: string;
  readonly at: Place;
  /** Classes and how they were taken for it: a node's id and a dependency's bit. */
  readonly taken: Set<string>;
}

/** An edge of which one end, or both, is a call: held by who answers it, and waited for by who makes it. */
export interface CallEdge {
  readonly from: ClassNode | string;
  readonly to: ClassNode | string;
  readonly bits: number;
  readonly held: Place;
  readonly taken: Place;
  /** The lock at the other end, as all who know it name it; empty where there is none. */
  readonly lock: string;
}

/** A lane that waits for a condition, with what it gave away. */
export interface Sleeper {
  readonly lane: Lane;
  readonly mutex: Lock | undefined;
  readonly given: Hold | undefined;
  readonly at: Place;
  readonly since: number;
  woken: boolean;
}

interface LostSignal {
  readonly at: Place;
  readonly since: number;
  readonly finding: Finding;
}

export interface Ticket {
  readonly number: number;
  readonly lane: number;
  /** Empty where it is not checked. */
  readonly cls: string;
  readonly since: number;
  done: boolean;
  /** The lock that answered deadlock. */
  contended: Lock | undefined;
}

/** What interrupted a lane and runs on it. */
interface Frame {
  readonly bit: number;
  /** The chain of what was interrupted. */
  readonly outer: number;
}

export interface Lane {
  readonly id: number;
  /** In the block at hand, while it is open; -1 where it is settled: open-lanes.ts. */
  place: number;
  holds: Hold[];
  waits: Wait[];
  frames: Frame[];
  /** Bits of contexts that were masked by name. */
  masks: number;
  /** What it holds, as a place in the table of chains. */
  chain: number;
  gone: boolean;
  /** It runs an event loop: several flows of code at a time, which may hold and wait for locks each. */
  loop: boolean;
  /** It stands at a condition, a barrier or a join until its next record. */
  stands: boolean;
  standsAt: Lock | undefined;
  joins: Lane | undefined;
  joinsAt: Place | undefined;
  answers: Answer | undefined;
  /** Number of the record that comes next; -1 where nobody knows. */
  next: number;
  /** Time of its last record. */
  last: number;
  /** Serial of when it was first heard of: a number may come back for another lane. */
  readonly since: number;
  /** In the block at hand records of it are missing. */
  holed: boolean;
  /** Failed tries since the last one that succeeded: the lock, and the lane that had it. */
  tries: { readonly lock: Lock; readonly holder: Lane; readonly at: Place; readonly unsure: boolean }[];
}

export interface Context {
  readonly bit: number;
  readonly name: string;
  /** Bits of those whose masking masks it. */
  maskedBy: number;
  /** Place in WAITS; 0 where nobody told. */
  inside: number;
}

export interface LockSession {
  /** Threads and workers run event loops; locks may be handed from one flow of code to another. */
  readonly loops: boolean;
  /** Rising number of the record at hand. */
  serial: number;
  /** Nanoseconds since the session's start, of the last record. */
  now: number;
  /** By object number of the dictionary; of a lock that is per lane by lane. */
  readonly locks: Map<number, Lock>;
  readonly rows: LockRows;
  /** Rows of locks plus one by object number, as far as those are below OBJECTS_MAX and no lane has its own. */
  rowOfObject: Int32Array;
  /** By row; of rows of subclasses their lock. */
  readonly byRow: Lock[];
  /** By place: holds that rows name. */
  readonly holds: Hold[];
  /** Places that no row names. */
  readonly freeHolds: number[];
  /** By place: waits that rows name; and places that none names. */
  readonly waits: Wait[];
  readonly freeWaits: number[];
  readonly perLane: Map<string, Lock>;
  readonly lanes: Map<number, Lane>;
  readonly classes: Map<string, BaseClass>;
  readonly nodes: ClassNode[];
  readonly variants: Variant[];
  readonly contexts: Map<string, Context>;
  readonly contextByBit: Context[];
  readonly tickets: Map<number, Ticket>;
  chains: ChainTable;
  readonly findings: Map<string, Finding>;
  /** Numbers of names of contended locks and classes. */
  readonly tags: Map<string, number>;
  /** By waiting lane, holding lane and the lock's tag: how often, and how many nanoseconds. */
  readonly blocked: Tally;
  /** By the class's tag, site and pointKey: where waits began, and where what they waited for was taken. */
  readonly points: Tally;
  /** Some lock is known to other processes. */
  isShared: boolean;
  /** The last waits that have ended of lanes that held locks, where some lock is shared. */
  readonly endedWaits: EndedWait[];
  readonly calls: CallEdge[];
  /** Calls whose trace id begins with a higher number are not tracked. */
  callsUpTo: number;
  /** Serial of the last hole in the records; 0 without. */
  holeSince: number;
  holes: number;
  /** In the block at hand records are missing, and nothing tells where. */
  doubt: boolean;
  /** Time of the latest proof. */
  lastProof: number;
  /** Functions and lanes of each lock are counted too, which takes the slow way through every record. */
  readonly detail: boolean;
  /** A wait that lasts so many nanoseconds is told. */
  readonly longWait: number;
  /** How many functions and lanes of locks are counted. */
  users: number;
  /** What is not tracked any more, by name: how many were left out. */
  readonly leftOut: Map<string, number>;
  records: number;
  /** Seq of the block that comes next; undefined before the first. */
  nextSeq: bigint | undefined;
  /** Grows with each finding and each further occurrence of one. */
  reports: number;
  edges: number;
}
