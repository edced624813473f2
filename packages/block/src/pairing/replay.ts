import { isNothing } from "../coding/ints.ts";
import type { Columns } from "../columns/columns.ts";
import type { Column } from "../columns/field.ts";
import { OP, opOf } from "../columns/op.ts";
import type { Dictionary } from "../dictionary/reader.ts";
import type { LaneState } from "./lane.ts";
import type { OpenList } from "./open-list.ts";
import type { OpenKind, OpenSet } from "./open-set.ts";
import { NO_OPERAND, type Operand, Operands } from "./operands.ts";
import type { Pairing } from "./pairing.ts";
import { ZoneNames } from "./zone-names.ts";

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
  operands.clear();
  for (const slot of columns.kinds.keys()) addOperands(columns, slot, dictionary, only);
  const records = { slots: columns.slots, times: timesOf(columns, start), operands };
  const all = columns.dense ? undefined : columns.eventNos();
  for (const { lane, from, count, firstEventNo } of columns.lanes) {
    pairing.lane(lane, records, count, { first: firstEventNo, from, all });
  }
  pairing.endBlock();
}

/** Shared by all replays: none is interrupted. */
const operands = new Operands();
let times = new Float64Array(0);

function timesOf(columns: Columns, start: bigint): Float64Array {
  if (times.length < columns.count) times = new Float64Array(Math.max(columns.count, times.length * 2));
  return columns.timesSince(start, times);
}

function addOperands(
  columns: Columns,
  slot: number,
  dictionary: Dictionary,
  only: ReadonlySet<string> | undefined,
): void {
  const kind = dictionary.kind(columns.kinds[slot]!.number);
  const isWanted = kind !== undefined && (only === undefined || only.has(kind.name));
  const op = isWanted ? opOf(kind.name) : OP.none;
  if (op <= OP.logMessage || kind === undefined) {
    operands.add(OP.none, NO_OPERAND, NO_OPERAND);
    return;
  }
  const own = columns.columns(slot, kind);
  const [first, second] = [operandOf(own.columns[0]), operandOf(own.columns[1])];
  if (op !== OP.zoneBegin || own.sites === undefined) operands.add(op, first, second);
  else {
    const names = new ZoneNames((site) => dictionary.zoneNameId(site));
    const lo = names.of(first.lo, own.sites, own.count);
    operands.add(op, { lo, hi: first.hi }, second);
  }
}

/** A column's whole numbers; nothing where it has none, upper halves only where some are not 0. */
function operandOf(column: Column | undefined): Operand {
  if (column?.shape !== "ints") return NO_OPERAND;
  const { ints, present } = column;
  const hi = isNothing(ints.hi) || !anySet(ints.hi) ? undefined : ints.hi;
  if (present === undefined || ints.lo.length === 0) return { lo: ints.lo, hi };
  return { lo: spread(ints.lo, present), hi: hi === undefined ? undefined : spread(hi, present) };
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

/** Puts what was open at a block's start into a fresh pairing, for readers that begin there. */
export function seed(pairing: Pairing, { entries }: OpenSet): void {
  for (const { kind, lane, subject, detail, start, eventNo, unsure } of entries) {
    if (kind === "job") pairing.jobs.open(subject, detail, start, lane, eventNo);
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
