import type { selection } from "@wayward/api";
import { type Block, type Dictionary, type KindColumns, messageAt } from "@wayward/block";
import { familyOf } from "@wayward/record";
import { compileTest, type Test } from "./evaluate.ts";
import { type Expression, parseFilter } from "./parse.ts";
import { anyMatcher } from "./pattern.ts";

/** The records of a block that were chosen: their positions, rising. Undefined: all of them. */
export type Chosen = Uint32Array | undefined;

/** A Filter message, read once and applied to many blocks. */
export class BlockFilter {
  /** Aligned times; until is 0 where it is open. */
  readonly from: bigint;
  readonly until: bigint;
  readonly #kinds: ReadonlySet<string>;
  readonly #lane: (name: string) => boolean;
  readonly #anyLane: boolean;
  readonly #where: Expression | undefined;
  readonly #text: Buffer | undefined;

  /** Throws INVALID_ARGUMENT / BAD_FILTER. */
  constructor(filter: selection.Filter | undefined) {
    this.from = filter?.from ?? 0n;
    this.until = filter?.until ?? 0n;
    this.#kinds = new Set(filter?.kinds);
    this.#lane = anyMatcher(filter?.lanes ?? []);
    this.#anyLane = (filter?.lanes ?? []).length === 0;
    this.#where = parseFilter(filter?.where ?? "");
    this.#text = filter?.text ? Buffer.from(filter.text) : undefined;
  }

  /** True if every record passes that is in the time range. */
  get isOpen(): boolean {
    return this.#kinds.size === 0 && this.#anyLane && this.#where === undefined && this.#text === undefined;
  }

  /** True if only kinds, if anything, are chosen: summaries can answer that. */
  get isByKindOnly(): boolean {
    return (
      this.from === 0n && this.until === 0n && this.#anyLane && this.#where === undefined && this.#text === undefined
    );
  }

  get choosesSomeKinds(): boolean {
    return this.#kinds.size > 0;
  }

  choosesKind(name: string): boolean {
    return this.#kinds.size === 0 || this.#kinds.has(name) || this.#kinds.has(familyOf(name));
  }

  /** True if records between these aligned times may be chosen. */
  overlaps(first: bigint, last: bigint): boolean {
    return last >= this.from && (this.until === 0n || first < this.until);
  }

  /** True if every record between these aligned times passes. */
  takesWhole(first: bigint, last: bigint): boolean {
    return this.isOpen && first >= this.from && (this.until === 0n || last < this.until);
  }

  /** The chosen records of a block; `offset` turns its times into aligned ones. */
  choose(block: Block, dictionary: Dictionary, offset: bigint): Chosen {
    const { columns, header } = block;
    const whole =
      header.firstTime + offset >= this.from && (this.until === 0n || header.lastTime + offset < this.until);
    if (whole && this.isOpen) return undefined;
    const passing = this.#tests(block, dictionary);
    if (passing.every((test) => test === false)) return new Uint32Array(0);
    const times = whole ? undefined : columns.times;
    const places = columns.placeOf;
    const chosen = new Uint32Array(columns.count);
    let count = 0;
    for (const { lane, from, count: records } of columns.lanes) {
      if (!this.#anyLane && !this.#lane(dictionary.lane(lane)?.name ?? "") && !this.#lane(String(lane))) continue;
      for (let index = from; index < from + records; index++) {
        const test = passing[columns.slots[index]!]!;
        if (test === false || (test !== true && !test(places[index]!))) continue;
        if (times !== undefined && !this.#isInTime(times[index]! + offset)) continue;
        chosen[count++] = index;
      }
    }
    return chosen.subarray(0, count);
  }

  #isInTime(aligned: bigint): boolean {
    return aligned >= this.from && (this.until === 0n || aligned < this.until);
  }

  /** For each kind of the block: none of its records, all of them, or a test. */
  #tests({ columns }: Block, dictionary: Dictionary): (boolean | Test)[] {
    return columns.kinds.map(({ number }, slot) => {
      const kind = dictionary.kind(number);
      if (kind === undefined) return this.isOpen;
      if (!this.choosesKind(kind.name)) return false;
      if (this.#where === undefined && this.#text === undefined) return true;
      return this.#testOf(columns.columns(slot, kind), dictionary);
    });
  }

  #testOf(columns: KindColumns, dictionary: Dictionary): boolean | Test {
    const where = this.#where === undefined ? undefined : compileTest(this.#where, columns, dictionary);
    if (this.#text === undefined) return where ?? true;
    const holds = textTest(columns, dictionary, this.#text);
    if (holds === false || where === undefined) return holds;
    return holds === true ? where : (place) => where(place) && holds(place);
  }
}

/** Records whose message holds these bytes. The column's bytes are searched before any text is made. */
function textTest(columns: KindColumns, dictionary: Dictionary, needle: Buffer): boolean | Test {
  const column = columns.columns.find(({ field }) => field.role === "text");
  if (column === undefined) return false;
  if (column.shape === "texts" && column.field.type === "string") {
    const { bytes, starts } = column.texts;
    if (!bytes.includes(needle)) return false;
    const { present } = column;
    return (place) => {
      const at = present === undefined ? place : present[place]!;
      return at >= 0 && bytes.subarray(starts[at], starts[at + 1]).includes(needle);
    };
  }
  const text = needle.toString();
  return (place) => messageAt(columns, place, dictionary).includes(text);
}
