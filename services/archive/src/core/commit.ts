import type { archive } from "@wayward/api";
import { type PartitionState, RangeSet } from "@wayward/chunk";
import type { Incoming, Task } from "./types.ts";

/** The entry's body for these blocks. `whole`: nothing else of the batch is left to do. */
export function commitOf(log: PartitionState, task: Task, fresh: readonly Incoming[], whole: boolean): archive.Commit {
  const bySession = Map.groupBy(fresh, ({ session }) => session);
  // A bus sequence may be named only when everything up to it is dealt with.
  const reached = log.incarnation === task.incarnation ? log.busSeq : 0n;
  return {
    chunk: task.chunk,
    sessions: [...bySession.values()].map(blocksOf),
    incarnation: task.incarnation,
    busSeq: whole && task.busSeq > reached ? task.busSeq : reached,
    through: task.busSeq,
  };
}

function blocksOf(blocks: readonly Incoming[]): archive.SessionBlocks {
  const ranges = new RangeSet();
  const sum: archive.SessionBlocks = {
    session: blocks[0]!.id,
    ranges: [],
    records: 0n,
    bytes: 0n,
    firstTime: 0n,
    lastTime: 0n,
    description: undefined,
    end: undefined,
  };
  for (const { seq, bytes, envelope } of blocks) {
    ranges.add(seq);
    sum.bytes += BigInt(bytes.length);
    const header = envelope?.header;
    if (header === undefined) continue;
    sum.description ??= header.description;
    sum.end ??= header.end;
    if (header.recordCount === 0) continue;
    if (sum.records === 0n || header.firstTime < sum.firstTime) sum.firstTime = header.firstTime;
    if (header.lastTime > sum.lastTime) sum.lastTime = header.lastTime;
    sum.records += BigInt(header.recordCount);
  }
  sum.ranges = ranges.toArray();
  return sum;
}
