import type { selection } from "@wayward/api";
import type { GapList } from "./gaps.ts";
import type { Snapshot } from "./snapshot/catalogue.ts";

/** What an answer rests on. Complete: no gap, and every session in it has ended. */
export function coverageOf(snapshot: Snapshot, gaps: GapList, records: bigint): selection.Coverage {
  const { sessions, partitions } = snapshot;
  return {
    snapshot: partitions.map(({ partition, logNumber, busSeq }) => ({
      partition,
      logNumber: logNumber < 0n ? 0n : logNumber,
      busSeq,
    })),
    records,
    sessions: BigInt(sessions.length),
    blocks: sessions.reduce((sum, { blocks }) => sum + blocks, 0n),
    gaps: gaps.listed,
    gapsLeftOut: gaps.leftOut,
    complete: gaps.listed.length === 0 && sessions.every(({ end }) => end !== undefined),
  };
}
