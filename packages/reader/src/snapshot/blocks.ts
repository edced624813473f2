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

/** All blocks of one session in a snapshot, with the dictionaries of their epochs. */
export class SessionBlocks {
  readonly view: SessionView;
  /** In order of seq. */
  readonly refs: readonly BlockRef[];
  /** Merged summary sections of the chunks; blocks of the tail have their own. */
  readonly summaries: readonly Uint8Array[];
  readonly #sections: ReadonlyMap<bigint, Uint8Array>;
  readonly #dictionaries = new Map<bigint, Dictionary>();

  private constructor(
    view: SessionView,
    refs: readonly BlockRef[],
    summaries: readonly Uint8Array[],
    definitions: ReadonlyMap<bigint, Uint8Array>,
  ) {
    this.view = view;
    this.refs = refs;
    this.summaries = summaries;
    this.#sections = definitions;
  }

  /** Reads the footers of the session's chunks; blocks are read when they are loaded. */
  static async open(view: SessionView, source: BlockSource): Promise<SessionBlocks> {
    const refs = new Map<bigint, BlockRef>();
    const definitions = new Map<bigint, Uint8Array>();
    const summaries: Uint8Array[] = [];
    if (!view.deleted && !view.expired) {
      for (const { chunk, ranges } of view.places) {
        const place = present(chunk, "the chunk of a place");
        const { blocks, summary } = await source.session(place, view.id);
        summaries.push(summary);
        for (const [index, entry] of blocks.entries()) {
          if (!isIn(ranges, entry.seq) || refs.has(entry.seq)) continue;
          refs.set(entry.seq, archivedRef(source, place, blocks, index));
          definitions.set(entry.seq, entry.dictionary);
        }
      }
      for (const [seq, envelope] of view.tail) {
        const { recordCount, firstTime, lastTime } = envelope.header;
        refs.set(seq, { seq, records: recordCount, firstTime, lastTime, load: async () => new Block(envelope) });
        definitions.set(seq, sections(envelope).dictionary);
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
    for (let at = epoch * EPOCH; at < (epoch + 1n) * EPOCH; at++) addSection(dictionary, this.#sections.get(at));
    this.#dictionaries.set(epoch, dictionary);
    return dictionary;
  }

  /** What the whole session defines; ids mean one thing through all its epochs. */
  wholeDictionary(): Dictionary {
    const dictionary = new Dictionary();
    for (const [, section] of [...this.#sections].sort(([a], [b]) => (a < b ? -1 : 1))) addSection(dictionary, section);
    return dictionary;
  }

  /** Dictionary sections of the blocks of this one's epoch up to it, by seq. */
  sectionsUpTo(seq: bigint): ReadonlyMap<bigint, Uint8Array> {
    const first = (seq / EPOCH) * EPOCH;
    return new Map([...this.#sections].filter(([at]) => at >= first && at < seq));
  }
}

const EPOCH = BigInt(LIMITS.epochBlocks);

/** A damaged section leaves its ids unknown, which is reported where they are met. */
function addSection(dictionary: Dictionary, section: Uint8Array | undefined): void {
  if (section === undefined) return;
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
