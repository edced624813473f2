import type { Columns } from "../columns/columns.ts";
import type { Column } from "../columns/field.ts";
import { OP, opOf } from "../columns/op.ts";
import type { Dictionary } from "../dictionary/reader.ts";
import type { LaneState } from "./lane.ts";
import type { OpenSet } from "./open-set.ts";
import { FOLD, type Pairing } from "./pairing.ts";

const TWO_32 = 0x1_0000_0000;

/** A field's whole numbers as they stand in its column. */
interface Operand {
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
  readonly present: Int32Array | undefined;
}

/** What pairing reads of one kind's records: their first two fields, and their sites. */
interface Operation {
  readonly op: number;
  readonly first: Operand;
  readonly second: Operand;
  readonly sites: Uint32Array | undefined;
}

const NONE: Operand = { lo: new Uint32Array(0), hi: new Uint32Array(0), present: undefined };

/**
 * Pairs a decoded block's records as its writer did, in the same order: lane
 * by lane. `start` is the session's start. What the gathers then hold is what
 * the block's summary says.
 */
export function replay(columns: Columns, dictionary: Dictionary, pairing: Pairing, start: bigint): void {
  const operations = columns.kinds.map(({ number }, slot): Operation | undefined => {
    const kind = dictionary.kind(number);
    const op = kind === undefined ? OP.none : opOf(kind.name);
    if (op === OP.none || kind === undefined) return undefined;
    const own = columns.columns(slot, kind);
    return { op, first: operandOf(own.columns[0]), second: operandOf(own.columns[1]), sites: own.sites };
  });
  const { slots, placeOf } = columns;
  const times = columns.timesSince(start);
  const eventNos = columns.eventNos();
  for (const { lane, from, count } of columns.lanes) {
    const state = pairing.lane(lane);
    for (let index = from; index < from + count; index++) {
      const operation = operations[slots[index]!];
      if (operation === undefined) continue;
      const time = times[index]! < 0 ? 0 : times[index]!;
      pairRecord(pairing, operation, placeOf[index]!, state, time, eventNos[index]!, index, dictionary);
    }
  }
  pairing.forgetExited();
}

function operandOf(column: Column | undefined): Operand {
  return column?.shape === "ints" ? { ...column.ints, present: column.present } : NONE;
}

/** A whole number as the writer saw it; 0 where the record lacks it. */
function wholeAt({ lo, hi, present }: Operand, record: number): number {
  const place = present === undefined ? record : present[record]!;
  return place < 0 || place >= lo.length ? 0 : lo[place]! + hi[place]! * TWO_32;
}

/** Puts what was open at a block's start into a fresh pairing, for readers that begin there. */
export function seed(pairing: Pairing, { entries }: OpenSet): void {
  for (const { kind, lane, subject, detail, start, eventNo, unsure } of entries) {
    const state = pairing.lane(lane);
    if (kind === "zone" && detail === 0) state.zones.push({ name: subject, site: 0, start, eventNo, unsure });
    else if (kind === "zone") pairing.zoneBegin(state, subject, 0, detail, start, eventNo);
    else if (kind === "held") state.held.push({ lock: subject, mode: detail, start, eventNo, unsure });
    else if (kind === "wait") pairing.lockWait(state, subject, detail, start, eventNo);
    else if (kind === "context") pairing.contextEnter(state, subject, start, eventNo);
    else pairing.jobEvent("started", state, subject, detail, start, eventNo, 0);
  }
}

/** Field positions are those of the kinds in packages/record. */
function pairRecord(
  pairing: Pairing,
  { op, first: firstOperand, second: secondOperand, sites }: Operation,
  place: number,
  state: LaneState,
  time: number,
  eventNo: number,
  index: number,
  dictionary: Dictionary,
): void {
  const first = wholeAt(firstOperand, place);
  const second = wholeAt(secondOperand, place);
  switch (op) {
    case OP.zoneBegin: {
      const site = sites?.[place] ?? 0;
      const name = first || dictionary.zoneNameId(site);
      pairing.zoneBegin(state, name, site, second, time, eventNo);
      break;
    }
    case OP.zoneEnd:
      pairing.zoneEnd(state, first, time, index);
      break;
    case OP.lockWait:
      pairing.lockWait(state, first, second & (FOLD - 1), time, eventNo);
      break;
    case OP.lockAcquired:
      pairing.lockAcquired(state, first, second & (FOLD - 1), time, eventNo, index);
      break;
    case OP.lockReleased:
      pairing.lockReleased(state, first, time, index);
      break;
    case OP.lockTimedOut:
      pairing.lockTimedOut(state, first, second & (FOLD - 1), time, index);
      break;
    case OP.lockUpgraded:
      pairing.lockMode(state, first, 0);
      break;
    case OP.lockDowngraded:
      pairing.lockMode(state, first, 1);
      break;
    case OP.lockHandedOver:
      pairing.lockHandedOver(state, first, second);
      break;
    case OP.jobEnqueue:
      pairing.jobEvent("enqueued", state, first, second, time, eventNo, index);
      break;
    case OP.jobStart:
      pairing.jobEvent("started", state, first, second, time, eventNo, index);
      break;
    case OP.jobFinish:
      pairing.jobEvent("finished", state, first, second, time, eventNo, index);
      break;
    case OP.contextEnter:
      pairing.contextEnter(state, first, time, eventNo);
      break;
    case OP.contextExit:
      pairing.contextExit(state, first);
      break;
    case OP.threadExit:
      pairing.laneExit(state);
      break;
  }
}
