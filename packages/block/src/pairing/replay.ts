import type { Columns } from "../columns/columns.ts";
import type { Column } from "../columns/field.ts";
import { OP, opOf } from "../columns/op.ts";
import type { Dictionary } from "../dictionary/reader.ts";
import type { LaneState } from "./lane.ts";
import type { OpenList } from "./open-list.ts";
import type { OpenKind, OpenSet } from "./open-set.ts";
import { PairingPages } from "./pages.ts";
import { JOB, type Pairing } from "./pairing.ts";

const TWO_32 = 0x1_0000_0000;

const NONE = new Uint32Array(0);

/** What pairing reads of one kind's records: their first two fields, 0 beyond an array's end. */
interface Operation {
  readonly op: number;
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** Upper halves; undefined where all are 0. */
  readonly firstHi?: Uint32Array | undefined;
  readonly secondHi?: Uint32Array | undefined;
}

/**
 * Pairs a decoded block's records as its writer did, in the same order: lane
 * by lane. `start` is the session's start. What the gathers then hold is what
 * the block's summary says. `only`: kinds that matter, where not all do; the
 * others' columns are not decoded.
 */
export function replay(
  columns: Columns,
  dictionary: Dictionary,
  pairing: Pairing,
  start: bigint,
  only?: ReadonlySet<string>,
): void {
  const operations = columns.kinds.map((_, slot) => operationOf(columns, slot, dictionary, only));
  pages.resize(columns.count);
  columns.timesSince(start, pages.times);
  fillPages(columns, operations);
  const all = columns.dense ? undefined : columns.eventNos();
  for (const { lane, from, count, firstEventNo } of columns.lanes) {
    pairing.lane(lane, pages, count, { first: firstEventNo, from, all });
  }
  pairing.forgetExited();
}

/** Shared by all replays: none is interrupted. */
const pages = new PairingPages();

function operationOf(
  columns: Columns,
  slot: number,
  dictionary: Dictionary,
  only: ReadonlySet<string> | undefined,
): Operation {
  const kind = dictionary.kind(columns.kinds[slot]!.number);
  const isWanted = kind !== undefined && (only === undefined || only.has(kind.name));
  const op = isWanted ? opOf(kind.name) : OP.none;
  if (op <= OP.logMessage || kind === undefined) return { op: OP.none, first: NONE, second: NONE };
  const own = columns.columns(slot, kind);
  const [first, second] = [halvesOf(own.columns[0]), halvesOf(own.columns[1])];
  const rest = { op, firstHi: first.hi, second: second.lo, secondHi: second.hi };
  if (op !== OP.zoneBegin || own.sites === undefined) return { ...rest, first: first.lo };
  return { ...rest, first: namedBySites(first.lo, own.sites, dictionary) };
}

/** A column's whole numbers; nothing where it has none, upper halves only where some are not 0. */
function halvesOf(column: Column | undefined): { readonly lo: Uint32Array; readonly hi?: Uint32Array | undefined } {
  if (column?.shape !== "ints") return { lo: NONE };
  const { ints, present } = column;
  const lo = present === undefined || ints.lo.length === 0 ? ints.lo : spread(ints.lo, present);
  if (!anySet(ints.hi)) return { lo };
  return { lo, hi: present === undefined ? ints.hi : spread(ints.hi, present) };
}

function anySet(halves: Uint32Array): boolean {
  let all = 0;
  for (let at = 0; at < halves.length; at++) all |= halves[at]!;
  return all !== 0;
}

/** One place for each record, 0 where it has no value. */
function spread(halves: Uint32Array, present: Int32Array): Uint32Array {
  const made = new Uint32Array(present.length);
  for (let at = 0; at < made.length; at++) if (present[at]! >= 0) made[at] = halves[present[at]!]!;
  return made;
}

/** Sites whose names an array keeps. */
const NEAR_SITES = 4096;

/** A zone without a name of its own has its site's. */
function namedBySites(names: Uint32Array, sites: Uint32Array, dictionary: Dictionary): Uint32Array {
  const named = new Uint32Array(sites.length);
  named.set(names);
  /** Names plus one; 0 where not asked yet. */
  const known = new Uint32Array(NEAR_SITES);
  for (let at = 0; at < named.length; at++) {
    if (named[at] !== 0) continue;
    const site = sites[at]!;
    if (site >= NEAR_SITES) named[at] = dictionary.zoneNameId(site);
    else {
      if (known[site] === 0) known[site] = dictionary.zoneNameId(site) + 1;
      named[at] = known[site]! - 1;
    }
  }
  return named;
}

/** Puts each kind's operands at their records' places. */
function fillPages({ slots, count }: Columns, operations: readonly Operation[]): void {
  // In arrays of one type each: what the loop reads of a record is then known to be numbers.
  const ops = Uint8Array.from(operations, ({ op }) => op);
  const firsts = operations.map(({ first }) => first);
  const seconds = operations.map(({ second }) => second);
  const rare = Uint8Array.from(operations, ({ firstHi, secondHi }) => (firstHi || secondHi ? 1 : 0));
  const next = new Uint32Array(operations.length);
  for (let index = 0; index < count; index++) {
    const slot = slots[index]!;
    const place = next[slot]!++;
    const op = ops[slot]!;
    pages.ops[index] = op;
    if (op === OP.none) continue;
    const [first, second] = [firsts[slot]!, seconds[slot]!];
    pages.first[index] = place < first.length ? first[place]! : 0;
    pages.second[index] = place < second.length ? second[place]! : 0;
    if (rare[slot] === 0) continue;
    const { firstHi, secondHi } = operations[slot]!;
    pages.first[index]! += (firstHi?.[place] ?? 0) * TWO_32;
    pages.second[index]! += (secondHi?.[place] ?? 0) * TWO_32;
  }
}

/** Puts what was open at a block's start into a fresh pairing, for readers that begin there. */
export function seed(pairing: Pairing, { entries }: OpenSet): void {
  for (const { kind, lane, subject, detail, start, eventNo, unsure } of entries) {
    if (kind === "job") pairing.jobs.data[pairing.openJob(subject, detail, lane, eventNo) + JOB.started] = start;
    else if (kind === "zone" && detail !== 0) pairing.openLoose(detail, subject, start, lane, eventNo);
    else {
      const list = listOf(pairing.state(lane), kind);
      list.push(subject, detail, start, eventNo);
      if (unsure) list.setUnsure(list.length - 1);
    }
  }
}

function listOf(state: LaneState, kind: Exclude<OpenKind, "job">): OpenList {
  if (kind === "zone") return state.zones;
  if (kind === "held") return state.held;
  return kind === "wait" ? state.wait : state.contexts;
}
