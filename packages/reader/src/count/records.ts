import { type Block, type Cell, type Column, cellAt, type Dictionary, scalarText, shownColumns } from "@wayward/block";
import { familyOf } from "@wayward/record";
import type { BlockFilter, Chosen } from "../filter/block-filter.ts";
import type { BlockRef, SessionBlocks } from "../snapshot/blocks.ts";
import { offsetOf } from "../snapshot/session.ts";
import type { Pace } from "./pace.ts";
import type { CountQuestion } from "./plan.ts";
import type { Tally } from "./tally.ts";

/** Counts the chosen records of some of a session's blocks by what they are and by their fields. */
export async function scanRecords(
  session: SessionBlocks,
  refs: readonly BlockRef[],
  filter: BlockFilter,
  question: CountQuestion,
  tally: Tally,
  pace: Pace,
): Promise<void> {
  const { description } = session.view;
  const offset = offsetOf(description);
  for (const ref of refs) {
    const { firstTime, lastTime, records } = ref;
    if (records === 0 || !filter.overlaps(firstTime + offset, lastTime + offset)) continue;
    await pace.step();
    const block = await session.load(ref);
    if (block === undefined) continue;
    const dictionary = session.dictionary(ref.seq);
    const counter = new BlockCounter(session, block, dictionary, question);
    const counts = counter.byKindOnly ? filter.counts(block, dictionary, description) : undefined;
    const chosen = counts === undefined ? filter.choose(block, dictionary, description) : undefined;
    if (counts !== undefined) counter.countKinds(counts, tally);
    else if (chosen?.length === 0) continue;
    else if (counter.byKindOnly) counter.countKinds(slotCounts(block.columns, chosen), tally);
    else counter.countEach(chosen, tally);
  }
}

/** What every record of a kind has in common is a group by itself. */
const OF_KIND = new Set(["kind", "family", "session", "host"]);

class BlockCounter {
  readonly byKindOnly: boolean;
  readonly #session: SessionBlocks;
  readonly #block: Block;
  readonly #dictionary: Dictionary;
  readonly #question: CountQuestion;
  readonly #kinds: (KindReader | undefined)[] = [];

  constructor(session: SessionBlocks, block: Block, dictionary: Dictionary, question: CountQuestion) {
    this.#session = session;
    this.#block = block;
    this.#dictionary = dictionary;
    this.#question = question;
    this.byKindOnly = question.measure === "" && question.groupBy.every((group) => OF_KIND.has(group));
  }

  /** All records of one kind fall into one group. */
  countKinds(counts: readonly number[], tally: Tally): void {
    for (const [slot, count] of counts.entries()) {
      if (count > 0) tally.group(this.#kind(slot).keys(0, "")).count += count;
    }
  }

  countEach(chosen: Chosen, tally: Tally): void {
    const { columns } = this.#block;
    const { slots, placeOf } = columns;
    const byLane = this.#question.groupBy.includes("lane");
    const total = chosen?.length ?? columns.count;
    let at = 0;
    for (const { lane, from, count } of columns.lanes) {
      const laneName = byLane ? laneNameOf(this.#dictionary, lane) : "";
      for (; at < total; at++) {
        const index = chosen === undefined ? at : chosen[at]!;
        if (index >= from + count) break;
        const kind = this.#kind(slots[index]!);
        const place = placeOf[index]!;
        tally.group(kind.keys(place, laneName)).addRecord(kind.value(place));
      }
    }
  }

  #kind(slot: number): KindReader {
    this.#kinds[slot] ??= kindReader(this.#session, this.#block, this.#dictionary, slot, this.#question);
    return this.#kinds[slot];
  }
}

function slotCounts({ slots, kinds }: Block["columns"], chosen: Chosen): number[] {
  if (chosen === undefined) return kinds.map(({ count }) => count);
  const counts = kinds.map(() => 0);
  for (const index of chosen) counts[slots[index]!]!++;
  return counts;
}

/** A task counts under its parent, as in summaries. */
function laneNameOf(dictionary: Dictionary, lane: number): string {
  const row = dictionary.lane(lane);
  return dictionary.name("lane", row?.kind === "task" && row.parent !== 0 ? row.parent : lane);
}

/** Reads groups and measure of one kind's records. */
interface KindReader {
  keys(place: number, lane: string): string[];
  /** Undefined where there is none, or one that cannot be added up, such as NaN. */
  value(place: number): number | bigint | undefined;
}

function kindReader(
  { view }: SessionBlocks,
  block: Block,
  dictionary: Dictionary,
  slot: number,
  { groupBy, measure }: CountQuestion,
): KindReader {
  const { number } = block.columns.kinds[slot]!;
  const kind = dictionary.kind(number);
  const name = kind?.name ?? `kind#${number}`;
  const columns =
    kind === undefined ? [] : shownColumns(block, slot, kind, dictionary, view.description?.start).columns;
  const field = (wanted: string) => columns.find((column) => column.field.name === wanted);
  const makers = groupBy.map((group): ((place: number, lane: string) => string) => {
    if (group === "kind") return () => name;
    if (group === "family") return () => familyOf(name);
    if (group === "session") return () => view.text;
    if (group === "host") return () => view.description?.host ?? "";
    if (group === "lane") return (_, lane) => lane;
    const column = field(group);
    return column === undefined ? () => "" : textReader(column, dictionary);
  });
  const measured = measure === "" ? undefined : field(measure);
  const value = (place: number) => {
    const cell = measured === undefined ? undefined : cellAt(measured, place, dictionary);
    return typeof cell === "bigint" || (typeof cell === "number" && Number.isFinite(cell)) ? cell : undefined;
  };
  return { keys: (place, lane) => makers.map((make) => make(place, lane)), value };
}

/** A column's values as text. What references and enums refer to is made into text once. */
function textReader(column: Column, dictionary: Dictionary): (place: number) => string {
  const { type } = column.field;
  if (column.shape !== "ints" || (type !== "ref" && type !== "enum")) {
    return (place) => cellText(cellAt(column, place, dictionary));
  }
  const { present } = column;
  const { lo } = column.ints;
  const known = new Map<number, string>();
  return (place) => {
    const at = present === undefined ? place : present[place]!;
    if (at < 0) return "";
    const id = lo[at]!;
    let text = known.get(id);
    if (text === undefined) {
      text = cellText(cellAt(column, place, dictionary));
      known.set(id, text);
    }
    return text;
  };
}

function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  return Array.isArray(cell) ? cell.map(scalarText).join(" ") : scalarText(cell as Parameters<typeof scalarText>[0]);
}
