import { Batch, LockFold } from "@wayward/analysis";
import { unwrap } from "@wayward/base";
import { Block, Dictionary, parseEnvelope, ReusedBuffers } from "@wayward/block";
import type { Bench } from "./figure.ts";
import { LockMix, WHOLE } from "./lock-mix.ts";

const RECORDS_A_BLOCK = 20_000;
/** Blocks that do not count: code is compiled, locks and chains are made. */
const WARM = 60;

/** L1: what the lock analyses add to a block whose columns are decoded, in CPU time of their thread. */
export const lockFold: Bench = async ({ quick }) => {
  const mix = new LockMix(1, WHOLE);
  const dictionary = new Dictionary();
  const fold = new LockFold(dictionary);
  const buffers = new ReusedBuffers();
  const times = new Float64Array(RECORDS_A_BLOCK * 2);
  const all = { records: 0, decodeNs: 0, foldNs: 0 };
  // All made beforehand: the mix would take the caches from the fold.
  const blocks = Array.from({ length: quick ? 160 : 400 }, () => mix.block(RECORDS_A_BLOCK).bytes);
  for (const [round, bytes] of blocks.entries()) {
    const begun = cpuNs();
    buffers.clear();
    const block = new Block(unwrap(parseEnvelope(bytes)), buffers);
    dictionary.add(block.dictionarySection);
    const { columns } = block;
    for (const [slot, { number }] of columns.kinds.entries()) {
      columns.columns(slot, dictionary.kind(number)!).decodeAll();
    }
    void columns.slots;
    void columns.objectIds;
    columns.timesSince(mix.description.start, times);
    const between = cpuNs();
    const batch = new Batch(columns, dictionary, mix.description.start);
    fold.step(block.header.seq, batch, () => block.openSet);
    const ended = cpuNs();
    if (round < WARM) continue;
    all.records += columns.count;
    all.decodeNs += between - begun;
    all.foldNs += ended - between;
  }
  const found = fold.finish(true).filter(({ severity }) => severity !== "hint");
  if (found.length > 0) throw new Error(`innocent locks are reported: ${found[0]!.rule}, ${found[0]!.message}`);
  const [fraction, decode] = [(mix.waited * 100).toFixed(1), (all.decodeNs / all.records).toFixed(1)];
  const what = `order, misuse and contention in one pass, CPU ns a lock record (${fraction} % of acquisitions wait; decoding takes ${decode} beside)`;
  return [{ id: "L1", what, value: all.foldNs / all.records, unit: "ns", op: "<=", must: 60, aim: 30 }];
};

/** CPU time of this thread in nanoseconds. It goes on in ticks of some ms, so that only sums over many blocks say anything. */
function cpuNs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) * 1000;
}
