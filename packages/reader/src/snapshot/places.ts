import type { archive } from "@wayward/api";
import { epochOf } from "@wayward/block";
import { RangeSet } from "@wayward/chunk";
import { offsetOf, type SessionView } from "./session.ts";

/** Aligned times that are asked for. */
export interface AskedTimes {
  /** True if something between a first and a last record may be asked for. */
  overlaps(first: bigint, last: bigint): boolean;
}

/**
 * Of a session's chunks those that may hold records of the times asked for,
 * and those of the same epochs, which may define what these records refer to.
 */
export function placesFor({ places, tail, description }: SessionView, asked: AskedTimes): readonly archive.Place[] {
  const offset = offsetOf(description);
  const overlaps = (first: bigint, last: bigint) => asked.overlaps(first + offset, last + offset);
  const inTime = new Set(places.filter(({ firstTime, lastTime }) => overlaps(firstTime, lastTime)));
  if (inTime.size === places.length) return places;
  const epochs = new RangeSet();
  for (const { ranges } of inTime) for (const { first, last } of ranges) epochs.add(epochOf(first), epochOf(last));
  for (const [seq, { header }] of tail) {
    if (header.recordCount > 0 && overlaps(header.firstTime, header.lastTime)) epochs.add(epochOf(seq));
  }
  const defines = ({ first, last }: archive.Range) => epochs.meets(epochOf(first), epochOf(last));
  return places.filter((place) => inTime.has(place) || place.ranges.some(defines));
}
