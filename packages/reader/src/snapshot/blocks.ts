import type { archive } from "@wayward/api";
import { present } from "@wayward/base";
import { Block, Dictionary, LIMITS, refusalOf, sections } from "@wayward/block";
import type { SessionView } from "./session.ts";
import type { BlockSource } from "./source.ts";

/** A block that can be read, and what is known of it without reading it. */
export interface BlockRef {
  readonly seq: bigint;
  readonly records: number;
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  load(): Promise<Block>;
}

/** What a block adds to its epoch's dictionary, and its header, as they were written. */
export interface Definitions {
  readonly seq: bigint;
  readonly header: Uint8Array;
  readonly section: Uint8Array;
}

/** All blocks of one session in a snapshot, with the dictionaries of their epochs. */
export class SessionBlocks {
  readonly view: SessionView;
  /** In order of seq. */
  readonly refs: readonly BlockRef[];
  /** Merged summary sections of the chunks; blocks of the tail have their own. */
  readonly summaries: readonly Uint8Array[];
  readonly #definitions: ReadonlyMap<bigint, Definitions>;
  readonly #dictionaries = new Map<bigint, Dictionary>();

  private constructor(
    view: SessionView,
    refs: readonly BlockRef[],
    summaries: readonly Uint8Array[],
    definitions: ReadonlyMap<bigint, Definitions>,
  ) {
    this.view = view;
    this.refs = refs;
    this.summaries = summaries;
    this.#definitions = definitions;
  }

  /** Reads the footers of the session's chunks; blocks are read when they are loaded. */
  static async open(view: SessionView, source: BlockSource): Promise<SessionBlocks> {
    const refs = new Map<bigint, BlockRef>();
    const definitions = new Map<bigint, Definitions>();
    const summaries: Uint8Array[] = [];
    if (!view.deleted && !view.expired) {
      for (const { chunk, ranges } of view.places) {
        const place = present(chunk, "the chunk of a place");
        const { blocks, summary } = await source.session(place, view.id);
        summaries.push(summary);
        for (const [index, entry] of blocks.entries()) {
          if (!isIn(ranges, entry.seq) || refs.has(entry.seq)) continue;
          refs.set(entry.seq, archivedRef(source, place, blocks, index));
          definitions.set(entry.seq, { seq: entry.seq, header: entry.header, section: entry.dictionary });
        }
      }
      for (const [seq, envelope] of view.tail) {
        const { recordCount, firstTime, lastTime } = envelope.header;
        refs.set(seq, { seq, records: recordCount, firstTime, lastTime, load: async () => new Block(envelope) });
        definitions.set(seq, { seq, header: envelope.headerBytes, section: sections(envelope).dictionary });
      }
    }
    const inOrder = [...refs.values()].sort((a, b) => (a.seq < b.seq ? -1 : 1));
    return new SessionBlocks(view, inOrder, summaries, definitions);
  }

  /** What the epoch of this block defines, as far as its blocks are there. */
  dictionary(seq: bigint): Dictionary {
    const epoch = seq / EPOCH;
    const known = this.#dictionaries.get(epoch);
    if (known !== undefined) return known;
    const dictionary = new Dictionary();
    for (const { section } of this.definitions(seq)) addSection(dictionary, section);
    this.#dictionaries.set(epoch, dictionary);
    return dictionary;
  }

  /** What the whole session defines; ids mean one thing through all its epochs. */
  wholeDictionary(): Dictionary {
    const dictionary = new Dictionary();
    for (const { section } of [...this.#definitions.values()].sort((a, b) => (a.seq < b.seq ? -1 : 1))) {
      addSection(dictionary, section);
    }
    return dictionary;
  }

  /** What the blocks of this one's epoch define, in order of seq. */
  definitions(seq: bigint): Definitions[] {
    const first = (seq / EPOCH) * EPOCH;
    const found: Definitions[] = [];
    for (let at = first; at < first + EPOCH; at++) {
      const known = this.#definitions.get(at);
      if (known !== undefined) found.push(known);
    }
    return found;
  }

  /** The blocks in these ranges of seqs, in order. */
  refsIn(ranges: readonly archive.Range[]): BlockRef[] {
    return ranges.flatMap(({ first, last }) => this.refs.slice(this.#find(first), this.#find(last + 1n)));
  }

  /** Place of the first block whose seq is not below this one. */
  #find(seq: bigint): number {
    let low = 0;
    let high = this.refs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.refs[middle]!.seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const EPOCH = BigInt(LIMITS.epochBlocks);

/** A damaged section leaves its ids unknown, which is reported where they are met. */
function addSection(dictionary: Dictionary, section: Uint8Array): void {
  try {
    dictionary.add(section);
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
  }
}

function archivedRef(
  source: BlockSource,
  chunk: archive.Chunk,
  entries: readonly archive.ChunkBlock[],
  index: number,
): BlockRef {
  const { seq, records, firstTime, lastTime } = entries[index]!;
  return { seq, records, firstTime, lastTime, load: () => source.block(chunk, entries, index) };
}

function isIn(ranges: readonly archive.Range[], seq: bigint): boolean {
  return ranges.some(({ first, last }) => first <= seq && seq <= last);
}
