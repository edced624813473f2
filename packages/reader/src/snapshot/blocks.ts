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

/** Blocks that have one summary, or none: those of a chunk, or those that only the bus has. */
export interface SummaryPart {
  /** Merged over exactly these blocks. */
  readonly summary: Uint8Array | undefined;
  readonly refs: readonly BlockRef[];
  readonly firstTime: bigint;
  readonly lastTime: bigint;
}

/** All blocks of one session in a snapshot, with the dictionaries of their epochs. */
export class SessionBlocks {
  readonly view: SessionView;
  /** In order of seq. */
  readonly refs: readonly BlockRef[];
  /** The same by what sums them up. */
  readonly parts: readonly SummaryPart[];
  readonly #definitions: ReadonlyMap<bigint, Definitions>;
  readonly #dictionaries = new Map<bigint, Dictionary>();
  readonly #source: BlockSource;

  private constructor(
    view: SessionView,
    refs: readonly BlockRef[],
    parts: readonly SummaryPart[],
    definitions: ReadonlyMap<bigint, Definitions>,
    source: BlockSource,
  ) {
    this.#source = source;
    this.view = view;
    this.refs = refs;
    this.parts = parts;
    this.#definitions = definitions;
  }

  /** Reads the footers of the session's chunks; blocks are read when they are loaded. */
  static async open(view: SessionView, source: BlockSource): Promise<SessionBlocks> {
    const refs = new Map<bigint, BlockRef>();
    const definitions = new Map<bigint, Definitions>();
    const parts: SummaryPart[] = [];
    if (!view.deleted && !view.expired) {
      for (const { chunk, ranges, firstTime, lastTime } of view.places) {
        const place = present(chunk, "the chunk of a place");
        const { blocks, summary } = await source.session(place, view.id);
        const own: BlockRef[] = [];
        for (const [index, entry] of blocks.entries()) {
          if (!isIn(ranges, entry.seq) || refs.has(entry.seq)) continue;
          const ref = archivedRef(source, place, blocks, index);
          refs.set(entry.seq, ref);
          own.push(ref);
          definitions.set(entry.seq, { seq: entry.seq, header: entry.header, section: entry.dictionary });
        }
        // The chunk may hold blocks that its entry did not list: its summary counts them too.
        const exact = own.length === blocks.length;
        parts.push({ summary: exact ? summary : undefined, refs: own, firstTime, lastTime });
      }
      const own: BlockRef[] = [];
      for (const [seq, envelope] of view.tail) {
        const { recordCount, firstTime, lastTime } = envelope.header;
        const ref = { seq, records: recordCount, firstTime, lastTime, load: async () => new Block(envelope) };
        refs.set(seq, ref);
        own.push(ref);
        definitions.set(seq, { seq, header: envelope.headerBytes, section: sections(envelope).dictionary });
      }
      if (own.length > 0)
        parts.push({ summary: undefined, refs: own, firstTime: view.firstTime, lastTime: view.lastTime });
    }
    const inOrder = [...refs.values()].sort((a, b) => (a.seq < b.seq ? -1 : 1));
    return new SessionBlocks(view, inOrder, parts, definitions, source);
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
    const { text, present } = this.view;
    const key = `${text} ${present.toArray().map(({ first, last }) => `${first}-${last}`)}`;
    const known = this.#source.dictionaries.get(key);
    if (known !== undefined) return known.dictionary;
    const dictionary = new Dictionary();
    let bytes = 0;
    for (const { section } of [...this.#definitions.values()].sort((a, b) => (a.seq < b.seq ? -1 : 1))) {
      addSection(dictionary, section);
      bytes += section.length;
    }
    this.#source.dictionaries.set(key, { dictionary, bytes });
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
