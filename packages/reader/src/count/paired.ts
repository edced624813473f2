import type { Dictionary } from "@wayward/block";
import { Gather, Pairing, replay, seed } from "@wayward/block";
import type { BlockFilter } from "../filter/block-filter.ts";
import type { BlockRef, SessionBlocks } from "../snapshot/blocks.ts";
import { foldOf, pairedKey } from "./names.ts";
import type { Pace } from "./pace.ts";
import type { PairedDimension } from "./plan.ts";
import type { Tally } from "./tally.ts";

/** Counts only what ends at a chosen record. */
class ChosenGather extends Gather {
  readonly #isChosen: (index: number) => boolean;

  constructor(created: (key: number) => void, isChosen: (index: number) => boolean) {
    super(created);
    this.#isChosen = isChosen;
  }

  override measure(key: number, value: number, index: number): void {
    if (this.#isChosen(index)) super.measure(key, value, index);
  }
}

/**
 * Pairs the records of some of a session's blocks, which follow each other,
 * and counts what ends at chosen ones.
 */
export async function scanPaired(
  session: SessionBlocks,
  refs: readonly BlockRef[],
  filter: BlockFilter,
  dimension: PairedDimension,
  groupBy: readonly string[],
  tally: Tally,
  pace: Pace,
): Promise<void> {
  const start = session.view.description?.start ?? 0n;
  let chosen: Uint8Array | undefined;
  let dictionary = session.dictionary(0n);
  let pairing: Pairing | undefined;
  let next = 0n;
  const names = { use: () => {}, laneRow: (id: number) => dictionary.laneRow(id) };
  for (const ref of refs) {
    await pace.step();
    const block = await session.load(ref);
    if (block === undefined) continue;
    dictionary = session.dictionary(ref.seq);
    const records = filter.choose(block, dictionary, session.view.description);
    chosen = records === undefined ? undefined : maskOf(records, block.header.recordCount);
    if (pairing === undefined || ref.seq !== next) {
      pairing = new Pairing(names, (created) => new ChosenGather(created, (index) => chosen?.[index] !== 0));
      // Blocks are missing before this one, or it is the first.
      seed(pairing, block.openSet);
    }
    next = ref.seq + 1n;
    pairing.clearGathers();
    replay(block.columns, dictionary, pairing, start);
    addGather(pairing.gathers[dimension], dimension, (key1, key2) =>
      groupBy.map((group) => pairedKey(group, session, dictionary, key1, key2)),
    )(tally);
    if (dimension === "lockHold") addContended(pairing.gathers.lockWait, session, dictionary, groupBy, tally);
  }
}

function maskOf(records: Uint32Array, count: number): Uint8Array {
  const mask = new Uint8Array(count);
  for (const index of records) mask[index] = 1;
  return mask;
}

function addGather(gather: Gather, dimension: PairedDimension, keysOf: (key1: number, key2: number) => string[]) {
  const fold = foldOf(dimension);
  return (tally: Tally): void => {
    for (const [row, key] of gather.keys.entries()) {
      // A key may be there for its changes of lane only.
      const stats = gather.stats(row);
      if (stats.count === 0) continue;
      const [key1, key2] = [Math.floor(key / fold), key % fold];
      tally.group(keysOf(key1, key2)).addMade({ key1, key2, ...stats, histogram: gather.sparse(row) });
    }
    tally.other += BigInt(gather.other);
  };
}

function addContended(
  gather: Gather,
  session: SessionBlocks,
  dictionary: Dictionary,
  groupBy: readonly string[],
  tally: Tally,
): void {
  const fold = foldOf("lockWait");
  for (const [row, key] of gather.keys.entries()) {
    const keys = groupBy.map((group) => pairedKey(group, session, dictionary, Math.floor(key / fold), key % fold));
    tally.group(keys).contended += gather.stats(row).count;
  }
}
