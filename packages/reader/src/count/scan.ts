import {
  type Block,
  type Cell,
  cellAt,
  type Dictionary,
  Gather,
  Pairing,
  replay,
  scalarText,
  seed,
} from "@wayward/block";
import { familyOf, type Kind } from "@wayward/record";
import type { BlockFilter, Chosen } from "../filter/block-filter.ts";
import type { SessionBlocks } from "../snapshot/blocks.ts";
import { offsetOf } from "../snapshot/session.ts";
import { foldOf, pairedKey } from "./names.ts";
import type { CountQuestion, PairedDimension } from "./plan.ts";
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

/** Pairs all records of a session and counts what ends at chosen ones. */
export async function scanPaired(
  session: SessionBlocks,
  filter: BlockFilter,
  dimension: PairedDimension,
  groupBy: readonly string[],
  tally: Tally,
): Promise<void> {
  const start = session.view.description?.start ?? 0n;
  const offset = offsetOf(session.view.description);
  let chosen: ReadonlySet<number> | undefined;
  let dictionary = session.dictionary(0n);
  let pairing: Pairing | undefined;
  let next = 0n;
  const names = { use: () => {}, laneRow: (id: number) => dictionary.laneRow(id) };
  for (const ref of session.refs) {
    const block = await ref.load();
    dictionary = session.dictionary(ref.seq);
    const records = filter.choose(block, dictionary, offset);
    chosen = records === undefined ? undefined : new Set(records);
    if (pairing === undefined || ref.seq !== next) {
      pairing = new Pairing(names, (created) => new ChosenGather(created, (index) => chosen?.has(index) ?? true));
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

function addGather(gather: Gather, dimension: PairedDimension, keysOf: (key1: number, key2: number) => string[]) {
  const fold = foldOf(dimension);
  return (tally: Tally): void => {
    for (const [row, key] of gather.keys.entries()) {
      // A key may be there for its changes of lane only.
      const stats = gather.stats(row);
      if (stats.count === 0) continue;
      const [key1, key2] = [Math.floor(key / fold), key % fold];
      tally.addRow(keysOf(key1, key2), {
        key1,
        key2,
        ...stats,
        extra: 0,
        histogram: gather.sparse(row),
      });
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
    tally.addContended(keys, gather.stats(row).count);
  }
}

/** Counts chosen records by what they are and by their fields. */
export async function scanRecords(
  session: SessionBlocks,
  filter: BlockFilter,
  question: CountQuestion,
  tally: Tally,
): Promise<void> {
  const offset = offsetOf(session.view.description);
  for (const ref of session.refs) {
    const { firstTime, lastTime, records } = ref;
    if (records === 0 || !filter.overlaps(firstTime + offset, lastTime + offset)) continue;
    const block = await ref.load();
    const dictionary = session.dictionary(ref.seq);
    countBlock(session, block, dictionary, filter.choose(block, dictionary, offset), question, tally);
  }
}

function countBlock(
  session: SessionBlocks,
  block: Block,
  dictionary: Dictionary,
  chosen: Chosen,
  { groupBy, measure }: CountQuestion,
  tally: Tally,
): void {
  const { columns } = block;
  const places = columns.placeOf;
  const isChosen = chosen === undefined ? undefined : new Set(chosen);
  const readers = columns.kinds.map(({ number }, slot) =>
    kindReader(session, block, dictionary, slot, number, groupBy, measure),
  );
  for (const { lane, from, count } of columns.lanes) {
    const laneName = groupBy.includes("lane") ? laneNameOf(dictionary, lane) : "";
    for (let index = from; index < from + count; index++) {
      if (isChosen !== undefined && !isChosen.has(index)) continue;
      const { keys, value } = readers[columns.slots[index]!]!(places[index]!, laneName);
      tally.add(keys, value);
    }
  }
}

/** A task counts under its parent, as in summaries. */
function laneNameOf(dictionary: Dictionary, lane: number): string {
  const row = dictionary.lane(lane);
  return dictionary.name("lane", row?.kind === "task" && row.parent !== 0 ? row.parent : lane);
}

type RecordReader = (place: number, lane: string) => { readonly keys: string[]; readonly value: number | undefined };

function kindReader(
  session: SessionBlocks,
  block: Block,
  dictionary: Dictionary,
  slot: number,
  number: number,
  groupBy: readonly string[],
  measure: string,
): RecordReader {
  const kind: Kind | undefined = dictionary.kind(number);
  const name = kind?.name ?? `kind#${number}`;
  const columns = kind === undefined ? [] : block.columns.columns(slot, kind).columns;
  const field = (wanted: string) => columns.find((column) => column.field.name === wanted);
  const makers = groupBy.map((group): ((place: number, lane: string) => string) => {
    if (group === "kind") return () => name;
    if (group === "family") return () => familyOf(name);
    if (group === "session") return () => session.view.text;
    if (group === "host") return () => session.view.description?.host ?? "";
    if (group === "lane") return (_, lane) => lane;
    const column = field(group);
    return column === undefined ? () => "" : (place) => cellText(cellAt(column, place, dictionary));
  });
  const measured = field(measure);
  return (place, lane) => {
    const cell = measured === undefined ? undefined : cellAt(measured, place, dictionary);
    const value = typeof cell === "bigint" || typeof cell === "number" ? Number(cell) : undefined;
    return { keys: makers.map((make) => make(place, lane)), value };
  };
}

function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  return Array.isArray(cell) ? cell.map(scalarText).join(" ") : scalarText(cell as Parameters<typeof scalarText>[0]);
}
