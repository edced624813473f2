import { decodeVarints, encodeVarints } from "../coding/varint.ts";
import { refuse, type SectionReader, type SectionWriter, type StreamAt } from "../section.ts";
import { Words64 } from "../words.ts";

/**
 * The objects of a block in record order, each as its rank in a list of the
 * lane's latest ones, the latest first: what is acquired was waited for just
 * before, what is released was acquired lately, so most ranks are 0 or 1.
 * Rank 255 says that the id itself follows in the second stream. The list
 * holds 64 and starts empty on every lane.
 */
const LIST = 64;
const ESCAPE = 255;

export class RankBuilder {
  #ranks = new Uint8Array(1024);
  #count = 0;
  readonly #escaped = new Words64();
  readonly #list = new Uint32Array(LIST);
  readonly #use: (id: number) => void;

  /** `use` hears of every object at least once a lane. */
  constructor(use: (id: number) => void) {
    this.#use = use;
  }

  clear(): void {
    this.#count = 0;
    this.#escaped.length = 0;
  }

  /** Adds a lane's objects in their order. */
  lane(ids: Uint32Array): void {
    this.#reserve(ids.length);
    const list = this.#list;
    const ranks = this.#ranks;
    let listed = 0;
    let to = this.#count;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index]!;
      let rank = 0;
      while (rank < listed && list[rank] !== id) rank++;
      if (rank < listed) ranks[to++] = rank;
      else {
        ranks[to++] = ESCAPE;
        this.#escape(id);
        if (listed < LIST) listed++;
        else rank--;
      }
      for (; rank > 0; rank--) list[rank] = list[rank - 1]!;
      list[0] = id;
    }
    this.#count = to;
  }

  #escape(id: number): void {
    this.#escaped.push(id, 0);
    if (id !== 0) this.#use(id);
  }

  #reserve(more: number): void {
    if (this.#count + more <= this.#ranks.length) return;
    const larger = new Uint8Array(Math.max(this.#ranks.length * 2, this.#count + more));
    larger.set(this.#ranks);
    this.#ranks = larger;
  }

  write(writer: SectionWriter): void {
    writer.varint(this.#count);
    if (this.#count === 0) return;
    writer.stream(this.#ranks.subarray(0, this.#count));
    writer.stream(encodeVarints(this.#escaped.lo, this.#escaped.hi, this.#escaped.length));
  }
}

/** Streams of the object column, not yet turned into ids. */
export interface Ranks {
  readonly ranks: Uint8Array;
  readonly escaped: Uint32Array;
}

export function readRanks(reader: SectionReader): Ranks {
  const count = reader.varint();
  if (count === 0) return { ranks: new Uint8Array(0), escaped: new Uint32Array(0) };
  const ranks = reader.stream();
  const { buffers } = reader;
  if (ranks.length !== count) throw refuse("BAD_VALUE", `${ranks.length} ranks of ${count} objects`);
  const escapes = countEscapes(ranks);
  const escaped = buffers.words(escapes);
  if (!decodeVarints(reader.stream(), escapes, escaped, buffers.words(escapes))) {
    throw refuse("BAD_VALUE", `not ${escapes} object ids`);
  }
  return { ranks, escaped };
}

function countEscapes(ranks: Uint8Array): number {
  let escapes = 0;
  // Whether the next one is an escape no processor foresees: the carry of the highest byte is added, without a branch.
  const { length } = ranks;
  for (let at = 0; at < length; at++) escapes += (ranks[at]! + (256 - ESCAPE)) >>> 8;
  return escapes;
}

/** Passes over the object column. */
export function passRanks(reader: SectionReader, into: StreamAt[]): void {
  if (reader.varint() > 0) into.push(reader.locate(), reader.locate());
}

/** Ids in record order, one for each rank. `laneEnds` says after how many objects each lane ends. */
export function decodeRanks({ ranks, escaped }: Ranks, laneEnds: readonly number[], ids: Uint32Array): void {
  let from = 0;
  let taken = 0;
  for (const until of laneEnds) {
    taken = decodeLane(ranks, from, until, escaped, taken, ids);
    from = until;
  }
}

/** A lane's list, the latest at the end: what is new costs no move of the others. What is before its last 64 is forgotten. */
const recent = new Uint32Array(LIST * 16);

/** Says how many of the escaped ids are taken then. A function that each lane calls stays compiled. */
function decodeLane(
  ranks: Uint8Array,
  from: number,
  until: number,
  escaped: Uint32Array,
  before: number,
  ids: Uint32Array,
): number {
  let taken = before;
  let end = 0;
  for (let index = from; index < until; index++) {
    const rank = ranks[index]!;
    if (rank === ESCAPE) {
      if (end === recent.length) {
        recent.copyWithin(0, end - LIST, end);
        end = LIST;
      }
      const id = escaped[taken++]!;
      recent[end++] = id;
      ids[index] = id;
      continue;
    }
    if (rank >= end || rank >= LIST) throw refuse("BAD_VALUE", `rank ${rank} of ${Math.min(end, LIST)} objects`);
    const last = end - 1;
    const id = recent[last - rank]!;
    for (let at = last - rank; at < last; at++) recent[at] = recent[at + 1]!;
    recent[last] = id;
    ids[index] = id;
  }
  return taken;
}
