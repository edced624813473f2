import type { Columns } from "../columns/columns.ts";
import type { Column, KindColumns } from "../columns/field.ts";
import { OP, opOf } from "../columns/op.ts";
import type { Dictionary } from "../dictionary/reader.ts";
import type { OpenSet } from "./open-set.ts";
import { FOLD, type Pairing } from "./pairing.ts";

const TWO_32 = 0x1_0000_0000;

/**
 * Pairs a decoded block's records as its writer did, in the same order: lane
 * by lane. `start` is the session's start. What the gathers then hold is what
 * the block's summary says.
 */
export function replay(columns: Columns, dictionary: Dictionary, pairing: Pairing, start: bigint): void {
  const kinds = columns.kinds.map(({ number }, slot) => {
    const kind = dictionary.kind(number);
    const op = kind === undefined ? OP.none : opOf(kind.name);
    return op === OP.none || kind === undefined ? undefined : { op, own: columns.columns(slot, kind) };
  });
  const times = columns.timesSince(start);
  const eventNos = columns.eventNos();
  const places = columns.placeOf;
  for (const { lane, from, count } of columns.lanes) {
    const state = pairing.lane(lane);
    for (let index = from; index < from + count; index++) {
      const kind = kinds[columns.slots[index]!];
      if (kind === undefined) continue;
      const time = Math.max(0, times[index]!);
      pairRecord(pairing, kind.op, kind.own, {
        state,
        place: places[index]!,
        time,
        eventNo: eventNos[index]!,
        index,
        dictionary,
      });
    }
  }
  pairing.forgetExited();
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

interface Place {
  readonly state: ReturnType<Pairing["lane"]>;
  /** Among the kind's records. */
  readonly place: number;
  readonly time: number;
  readonly eventNo: number;
  /** In the block. */
  readonly index: number;
  readonly dictionary: Dictionary;
}

/** Field positions are those of the kinds in packages/record. */
function pairRecord(pairing: Pairing, op: number, own: KindColumns, at: Place): void {
  const { state, time, eventNo, index, place } = at;
  const whole = (field: number) => wholeAt(own.columns[field], place);
  switch (op) {
    case OP.zoneBegin: {
      const site = own.sites?.[place] ?? 0;
      const name = whole(0) || at.dictionary.zoneNameId(site);
      pairing.zoneBegin(state, name, site, whole(1), time, eventNo);
      break;
    }
    case OP.zoneEnd:
      pairing.zoneEnd(state, whole(0), time, index);
      break;
    case OP.lockWait:
      pairing.lockWait(state, whole(0), whole(1) & (FOLD - 1), time, eventNo);
      break;
    case OP.lockAcquired:
      pairing.lockAcquired(state, whole(0), whole(1) & (FOLD - 1), time, eventNo, index);
      break;
    case OP.lockReleased:
      pairing.lockReleased(state, whole(0), time, index);
      break;
    case OP.lockTimedOut:
      pairing.lockTimedOut(state, whole(0), whole(1) & (FOLD - 1), time, index);
      break;
    case OP.lockUpgraded:
      pairing.lockMode(state, whole(0), 0);
      break;
    case OP.lockDowngraded:
      pairing.lockMode(state, whole(0), 1);
      break;
    case OP.lockHandedOver:
      pairing.lockHandedOver(state, whole(0), whole(1));
      break;
    case OP.jobEnqueue:
      pairing.jobEvent("enqueued", state, whole(0), whole(1), time, eventNo, index);
      break;
    case OP.jobStart:
      pairing.jobEvent("started", state, whole(0), whole(1), time, eventNo, index);
      break;
    case OP.jobFinish:
      pairing.jobEvent("finished", state, whole(0), whole(1), time, eventNo, index);
      break;
    case OP.contextEnter:
      pairing.contextEnter(state, whole(0), time, eventNo);
      break;
    case OP.contextExit:
      pairing.contextExit(state, whole(0));
      break;
    case OP.threadExit:
      pairing.laneExit(state);
      break;
  }
}

/** A whole number as the writer saw it; 0 where the record lacks it. */
function wholeAt(column: Column | undefined, record: number): number {
  if (column?.shape !== "ints") return 0;
  const place = column.present === undefined ? record : column.present[record]!;
  return place < 0 ? 0 : column.ints.lo[place]! + column.ints.hi[place]! * TWO_32;
}
