import type { Columns } from "../columns/columns.ts";
import type { Column } from "../columns/field.ts";
import { OP, opOf } from "../columns/op.ts";
import type { Dictionary } from "../dictionary/reader.ts";
import type { LaneState } from "./lane.ts";
import type { OpenList } from "./open-list.ts";
import type { OpenKind, OpenSet } from "./open-set.ts";
import type { Pairing } from "./pairing.ts";

const TWO_32 = 0x1_0000_0000;

/** What pairing reads of one kind's records: their first two fields as whole numbers, 0 where a record lacks one. */
interface Operation {
  readonly op: number;
  readonly first: Numbers;
  readonly second: Numbers;
}

type Numbers = Uint32Array | Float64Array;

/**
 * Pairs a decoded block's records as its writer did, in the same order: lane
 * by lane. `start` is the session's start. What the gathers then hold is what
 * the block's summary says.
 */
export function replay(columns: Columns, dictionary: Dictionary, pairing: Pairing, start: bigint): void {
  const operations = columns.kinds.map(({ number, count }, slot): Operation => {
    const kind = dictionary.kind(number);
    const op = kind === undefined ? OP.none : opOf(kind.name);
    if (op <= OP.logMessage || kind === undefined) return NO_OPERATION;
    const own = columns.columns(slot, kind);
    const names = numbersOf(own.columns[0], count);
    const first = op === OP.zoneBegin ? namedBySites(names, own.sites, dictionary) : names;
    return { op, first, second: numbersOf(own.columns[1], count) };
  });
  pairing.setTimes(columns.timesSince(start));
  const eventNos = columns.dense ? undefined : columns.eventNos();
  const next = new Uint32Array(operations.length);
  const { slots } = columns;
  for (const { lane, from, count, firstEventNo } of columns.lanes) {
    const state = pairing.lane(lane);
    for (let index = from; index < from + count; index++) {
      const slot = slots[index]!;
      const place = next[slot]!++;
      const { op, first, second } = operations[slot]!;
      if (op === OP.none) continue;
      const eventNo = eventNos === undefined ? firstEventNo + index - from : eventNos[index]!;
      pairing.apply(op, state, first[place]!, second[place]!, eventNo, index);
    }
  }
  pairing.forgetExited();
}

const NO_OPERATION: Operation = { op: OP.none, first: new Uint32Array(0), second: new Uint32Array(0) };

/** A column's whole numbers, one for each record, as the writer saw them. */
function numbersOf(column: Column | undefined, count: number): Numbers {
  if (column?.shape !== "ints") return new Uint32Array(count);
  const { present, field } = column;
  const { lo, hi } = column.ints;
  if (present === undefined && (field.type === "ref" || field.type === "enum")) return lo;
  if (lo.length === 0) return new Uint32Array(count);
  const numbers = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const place = present === undefined ? at : present[at]!;
    if (place >= 0) numbers[at] = lo[place]! + hi[place]! * TWO_32;
  }
  return numbers;
}

/** A zone without a name of its own has its site's. */
function namedBySites(names: Numbers, sites: Uint32Array | undefined, dictionary: Dictionary): Numbers {
  if (sites === undefined) return names;
  const known = new Map<number, number>();
  const named = new Uint32Array(names.length);
  for (let at = 0; at < names.length; at++) {
    if (names[at] !== 0) named[at] = names[at]!;
    else {
      const site = sites[at]!;
      let name = known.get(site);
      if (name === undefined) {
        name = dictionary.zoneNameId(site);
        known.set(site, name);
      }
      named[at] = name;
    }
  }
  return named;
}

/** Puts what was open at a block's start into a fresh pairing, for readers that begin there. */
export function seed(pairing: Pairing, { entries }: OpenSet): void {
  for (const { kind, lane, subject, detail, start, eventNo, unsure } of entries) {
    const state = pairing.lane(lane);
    if (kind === "job" || (kind === "zone" && detail !== 0)) {
      pairing.setTimes(Float64Array.of(start));
      pairing.apply(kind === "job" ? OP.jobStart : OP.zoneBegin, state, subject, detail, eventNo, 0);
    } else {
      const list = listOf(state, kind);
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
