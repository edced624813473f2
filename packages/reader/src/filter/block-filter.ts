import type { block as blockApi, selection } from "@wayward/api";
import { type Block, type Dictionary, type KindColumns, type LaneRun, shownColumns } from "@wayward/block";
import { familyOf } from "@wayward/record";
import { offsetOf } from "../snapshot/session.ts";
import { compileTest } from "./evaluate.ts";
import { type Expression, parseFilter } from "./parse.ts";
import { anyMatcher } from "./pattern.ts";
import { TextSearch } from "./text.ts";

/** The records of a block that were chosen: their positions, rising. Undefined: all of them. */
export type Chosen = Uint32Array | undefined;

/** What says when a session began and how its times align; undefined where its first block is missing. */
type Description = blockApi.SessionDescription | undefined;

/** A Filter message, read once and applied to many blocks. */
export class BlockFilter {
  /** Aligned times; until is 0 where it is open. */
  readonly from: bigint;
  readonly until: bigint;
  readonly #kinds: ReadonlySet<string>;
  readonly #lane: (name: string) => boolean;
  readonly #anyLane: boolean;
  readonly #where: Expression | undefined;
  readonly #text: TextSearch | undefined;

  /** Throws INVALID_ARGUMENT / BAD_FILTER. */
  constructor(filter: selection.Filter | undefined) {
    this.from = filter?.from ?? 0n;
    this.until = filter?.until ?? 0n;
    this.#kinds = new Set(filter?.kinds);
    this.#lane = anyMatcher(filter?.lanes ?? []);
    this.#anyLane = (filter?.lanes ?? []).length === 0;
    this.#where = parseFilter(filter?.where ?? "");
    this.#text = filter?.text ? new TextSearch(filter.text) : undefined;
  }

  /** True if every record passes that is in the time range. */
  get isOpen(): boolean {
    return this.#kinds.size === 0 && this.#anyLane && this.#where === undefined && this.#text === undefined;
  }

  /** True if only kinds and times, if anything, are chosen: summaries can answer that. */
  get isByKindAndTimeOnly(): boolean {
    return this.#anyLane && this.#where === undefined && this.#text === undefined;
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
    return this.isOpen && this.takesTimes(first, last);
  }

  /** The chosen records of a block of the session. Decodes only the columns that it asks. */
  choose(block: Block, dictionary: Dictionary, description: Description): Chosen {
    const { columns, header } = block;
    const offset = offsetOf(description);
    const whole = this.takesTimes(header.firstTime + offset, header.lastTime + offset);
    if (whole && this.isOpen) return undefined;
    const lanes = columns.lanes.filter(({ lane }) => this.#takesLane(lane, dictionary));
    if (lanes.length === 0) return NOTHING;
    const passing = this.#passing(block, dictionary, description);
    if (passing.every((mask) => mask === false)) return NOTHING;
    const chosen = new Uint32Array(lanes.reduce((sum, { count }) => sum + count, 0));
    let count = 0;
    if (passing.every((mask) => mask === true)) {
      for (const { from, count: records } of lanes) {
        for (let index = from; index < from + records; index++) chosen[count++] = index;
      }
    } else count = this.#pick(block, lanes, passing, chosen);
    const picked = chosen.subarray(0, count);
    return whole ? picked : this.#inTime(picked, columns.times, offset);
  }

  /** For each kind of the block how many of its records are chosen, where that can be told without their places. */
  counts(block: Block, dictionary: Dictionary, description: Description): number[] | undefined {
    const { columns, header } = block;
    const offset = offsetOf(description);
    if (!this.#anyLane || !this.takesTimes(header.firstTime + offset, header.lastTime + offset)) return undefined;
    return this.#passing(block, dictionary, description).map((mask, slot) => {
      if (mask === false) return 0;
      return mask === true ? columns.kinds[slot]!.count : mask.reduce((sum, bit) => sum + bit, 0);
    });
  }

  /** True if every record between these aligned times is in the time range. */
  takesTimes(first: bigint, last: bigint): boolean {
    return first >= this.from && (this.until === 0n || last < this.until);
  }

  #takesLane(lane: number, dictionary: Dictionary): boolean {
    return this.#anyLane || this.#lane(dictionary.lane(lane)?.name ?? "") || this.#lane(String(lane));
  }

  /** Positions in these lanes of the records that their kind's mask lets through; tells how many. */
  #pick({ columns }: Block, lanes: readonly LaneRun[], passing: readonly Mask[], chosen: Uint32Array): number {
    const { slots } = columns;
    const places = passing.some((mask) => typeof mask !== "boolean") ? columns.placeOf : undefined;
    // What a slot's mask says in one byte, so that the loop asks little.
    const says = Uint8Array.from(passing, (mask) => (mask === false ? 0 : mask === true ? 1 : 2));
    let count = 0;
    for (const { from, count: records } of lanes) {
      for (let index = from; index < from + records; index++) {
        const slot = slots[index]!;
        const said = says[slot]!;
        if (said === 0) continue;
        if (said === 2 && (passing[slot] as Uint8Array)[places![index]!] === 0) continue;
        chosen[count++] = index;
      }
    }
    return count;
  }

  #inTime(picked: Uint32Array, times: BigUint64Array, offset: bigint): Uint32Array {
    const from = this.from - offset;
    const until = this.until === 0n ? undefined : this.until - offset;
    let count = 0;
    for (const index of picked) {
      const time = times[index]!;
      if (time >= from && (until === undefined || time < until)) picked[count++] = index;
    }
    return picked.subarray(0, count);
  }

  /** For each kind of the block: none of its records, all of them, or a mask. */
  #passing(block: Block, dictionary: Dictionary, description: Description): Mask[] {
    return block.columns.kinds.map(({ number }, slot) => {
      const kind = dictionary.kind(number);
      if (kind === undefined) return this.isOpen;
      if (!this.choosesKind(kind.name)) return false;
      if (this.#where === undefined && this.#text === undefined) return true;
      return this.#mask(shownColumns(block, slot, kind, dictionary, description?.start), dictionary);
    });
  }

  #mask(columns: KindColumns, dictionary: Dictionary): Mask {
    const found = this.#text?.matches(columns, dictionary);
    if (this.#text !== undefined && found === undefined) return false;
    if (this.#where === undefined) return found ?? true;
    const test = compileTest(this.#where, columns, dictionary);
    const mask = found ?? new Uint8Array(columns.count).fill(1);
    let any = false;
    for (let place = 0; place < mask.length; place++) {
      if (mask[place] === 0) continue;
      if (test(place)) any = true;
      else mask[place] = 0;
    }
    return any ? mask : false;
  }
}

/** None of a kind's records, all of them, or 1 for each that passes. */
type Mask = boolean | Uint8Array;

const NOTHING = new Uint32Array(0);
