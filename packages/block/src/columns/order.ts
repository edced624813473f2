import type { Stage } from "../stage.ts";

/** Where the records of a piece of a stage begin, lane by lane, each lane's in the order they came. */
export interface LaneOrder {
  /** Word offsets of the records. */
  readonly at: Uint32Array;
  readonly lanes: readonly { readonly lane: number; readonly count: number }[];
}

/** Sorts records by lane without moving them: one counting pass, stable. */
export function orderByLane(stage: Stage, from: number, count: number): LaneOrder {
  const { words } = stage;
  const offsets = new Uint32Array(count);
  const counts = new Map<number, number>();
  let last = -1;
  let run = 0;
  let offset = from;
  for (let index = 0; index < count; index++) {
    offsets[index] = offset;
    const lane = words[offset + 1]!;
    if (lane !== last) {
      if (run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
      last = lane;
      run = 0;
    }
    run++;
    offset += (words[offset]! >>> 16) & 255;
  }
  if (run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
  const lanes = [...counts].sort(([a], [b]) => a - b).map(([lane, records]) => ({ lane, count: records }));
  if (lanes.length <= 1) return { at: offsets, lanes };
  const next = new Map<number, number>();
  let start = 0;
  for (const { lane, count: records } of lanes) {
    next.set(lane, start);
    start += records;
  }
  return { at: scatter(words, offsets, next), lanes };
}

function scatter(words: Uint32Array, offsets: Uint32Array, next: Map<number, number>): Uint32Array {
  const at = new Uint32Array(offsets.length);
  let lane = -1;
  let place = 0;
  for (const offset of offsets) {
    const own = words[offset + 1]!;
    if (own !== lane) {
      if (lane >= 0) next.set(lane, place);
      lane = own;
      place = next.get(own)!;
    }
    at[place++] = offset;
  }
  return at;
}
