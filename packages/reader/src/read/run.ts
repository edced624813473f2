import type { Block, Dictionary } from "@wayward/block";
import type { BlockFilter } from "../filter/block-filter.ts";
import { dictionaryGap, dropGaps, type GapList } from "../gaps.ts";
import type { BlockRef, SessionBlocks } from "../snapshot/blocks.ts";
import { offsetOf, type SessionView } from "../snapshot/session.ts";

/** Place of a record in the order of an answer. */
export interface Position {
  /** Nanoseconds since 1970. */
  readonly aligned: bigint;
  readonly session: string;
  readonly lane: number;
  readonly eventNo: number;
}

/** The chosen records of one block in the order of time, lane and event number, and how far they were taken. */
export interface Run {
  readonly view: Pick<SessionView, "id" | "text" | "description">;
  readonly block: Block;
  readonly dictionary: Dictionary;
  /** Raw time + offset = aligned time. */
  readonly offset: bigint;
  readonly eventNos: Float64Array;
  readonly placeOf: Uint32Array;
  /** Lane of each record. */
  readonly lanes: Uint32Array;
  /** Positions in the block, in order. */
  readonly order: Uint32Array;
  /** Place in `order` of the next one. */
  next: number;
}

/** Order of two positions: negative if `a` comes first. */
export function comparePositions(a: Position, b: Position): number {
  if (a.aligned !== b.aligned) return a.aligned < b.aligned ? -1 : 1;
  if (a.session !== b.session) return a.session < b.session ? -1 : 1;
  return a.lane - b.lane || a.eventNo - b.eventNo;
}

/** Position of the run's record at this place of its order. */
export function positionAt(run: Run, place: number): Position {
  const index = run.order[place]!;
  return {
    aligned: run.block.columns.times[index]! + run.offset,
    session: run.view.text,
    lane: run.lanes[index]!,
    eventNo: run.eventNos[index]!,
  };
}

/** Loads a block and chooses its records; undefined if none is chosen, or its chunk is gone. Tells the gaps that the block shows. */
export async function openRun(
  session: SessionBlocks,
  ref: BlockRef,
  filter: BlockFilter,
  gaps: GapList,
  reverse: boolean,
): Promise<Run | undefined> {
  const block = await session.load(ref);
  if (block === undefined) return undefined;
  const dictionary = session.dictionary(ref.seq);
  tellDrops(session.view.id, block, dictionary, gaps);
  return chooseRun(session.view, block, dictionary, filter, reverse);
}

/** The chosen records of a block in order; undefined if none is chosen. */
export function chooseRun(
  view: Run["view"],
  block: Block,
  dictionary: Dictionary,
  filter: BlockFilter,
  reverse = false,
): Run | undefined {
  const offset = offsetOf(view.description);
  const chosen = filter.choose(block, dictionary, view.description);
  if (chosen?.length === 0) return undefined;
  const { columns } = block;
  const order = inTime(columns.times, chosen ?? allIndexes(columns.count));
  if (order.length === 0) return undefined;
  if (reverse) order.reverse();
  const lanes = new Uint32Array(columns.count);
  for (const { lane, from, count } of columns.lanes) lanes.fill(lane, from, from + count);
  const { placeOf } = columns;
  return { view, block, dictionary, offset, eventNos: columns.eventNos(), placeOf, lanes, order, next: 0 };
}

/** Once a run was read: names that its records needed and nobody defined. */
export function tellUnknown(run: Run, gaps: GapList): void {
  dictionaryGap(run.view.id, run.dictionary, gaps);
  run.dictionary.unknown.clear();
}

/** Records that the block says were dropped. */
export function tellDrops(id: Uint8Array, { columns }: Block, dictionary: Dictionary, gaps: GapList): void {
  for (const [slot, { number }] of columns.kinds.entries()) {
    const kind = dictionary.kind(number);
    if (kind?.name === "drop.records") dropGaps(id, columns.columns(slot, kind), gaps);
  }
}

/** Positions by time; those of one time stay by lane and event number, which is the block's order. */
function inTime(times: BigUint64Array, chosen: Uint32Array): Uint32Array {
  let sorted = true;
  for (let at = 1; at < chosen.length && sorted; at++) sorted = times[chosen[at - 1]!]! <= times[chosen[at]!]!;
  if (sorted) return chosen.slice();
  let first = times[chosen[0]!]!;
  let last = first;
  for (const index of chosen) {
    if (times[index]! < first) first = times[index]!;
    if (times[index]! > last) last = times[index]!;
  }
  // Time and position as one number sort at once, while both fit 53 bits.
  if (last - first < 1n << 37n) {
    const keys = Float64Array.from(chosen, (index) => Number(times[index]! - first) * 0x1_0000 + index);
    return Uint32Array.from(keys.sort(), (key) => key % 0x1_0000);
  }
  return chosen.slice().sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : a - b));
}

function allIndexes(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}
