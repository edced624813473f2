import type { archive } from "@wayward/api";
import { present } from "@wayward/base";
import { addDefinitions, Block, Dictionary, epochOf, epochRange } from "@wayward/block";
import { RangeSet } from "@wayward/chunk";
import type { Losses } from "../losses.ts";
import type { ChunkedSession, Summed } from "./footer.ts";
import { type AskedTimes, placesFor } from "./places.ts";
import type { SessionView } from "./session.ts";
import type { BlockSource } from "./source.ts";
import type { TailBlock } from "./tail.ts";

/** A block that can be read, and what is known of it without reading it. */
export interface BlockRef {
  readonly seq: bigint;
  readonly records: number;
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  readonly definitions: Definitions;
  /** Undefined where its chunk has gone from the store. `SessionBlocks.load` notes that too. */
  load(): Promise<Block | undefined>;
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
  readonly summary: Summed | undefined;
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
  readonly #dictionaries = new Map<bigint, Dictionary>();
  readonly #source: BlockSource;
  readonly #losses: Losses;
  /** Seqs of the snapshot that it has no references to. */
  readonly #absent: RangeSet;

  private constructor(
    view: SessionView,
    parts: readonly SummaryPart[],
    source: BlockSource,
    losses: Losses,
    absent: RangeSet,
  ) {
    this.view = view;
    this.parts = parts;
    this.refs = inOrder(parts.flatMap(({ refs }) => refs));
    this.#source = source;
    this.#losses = losses;
    this.#absent = absent;
  }

  /**
   * Reads the footers of the session's chunks; blocks are read when they are
   * loaded. Chunks that are not in the store are as if the session had not
   * been in them, and `losses` notes what of it was. With `asked` chunks are
   * left out that have nothing to do with those times: the references are
   * fewer then, and no dictionary is whole but those of epochs asked for.
   */
  static async open(
    view: SessionView,
    source: BlockSource,
    losses: Losses,
    asked?: AskedTimes,
  ): Promise<SessionBlocks> {
    if (view.deleted || view.expired) return new SessionBlocks(view, [], source, losses, new RangeSet());
    const parts: SummaryPart[] = [];
    const seen = new RangeSet();
    const missing = new RangeSet();
    const places = asked === undefined ? view.places : placesFor(view, asked);
    for (const { chunk, ranges, firstTime, lastTime } of places) {
      const place = present(chunk, "the chunk of a place");
      const session = await source.session(place, view.text);
      if (session === undefined) {
        for (const { first, last } of ranges) missing.add(first, last);
        continue;
      }
      const fresh = ranges.every(({ first, last }) => !seen.meets(first, last));
      const all = refsOf(source, place, session);
      const own = all.filter(({ seq }) => isIn(ranges, seq) && (fresh || !seen.has(seq)));
      for (const { first, last } of ranges) seen.add(first, last);
      // The chunk may hold blocks that its entry did not list: its summary counts them too.
      const summary = own.length === all.length ? session.summary : undefined;
      parts.push({ summary, refs: own, firstTime, lastTime });
    }
    const tail = [...view.tail.values()].filter(({ header }) => !seen.has(header.seq)).map(tailRef);
    const { firstTime, lastTime } = view;
    if (tail.length > 0) parts.push({ summary: undefined, refs: tail, firstTime, lastTime });
    for (const { first, last } of missing.minus(seen).toArray()) losses.add(view, first, last);
    for (const seq of view.tail.keys()) seen.add(seq);
    return new SessionBlocks(view, parts, source, losses, view.present.minus(seen));
  }

  /** Opens sessions in their order, some at a time. Once one fails no more are begun. */
  static async openAll(
    views: readonly SessionView[],
    source: BlockSource,
    losses: Losses,
    asked?: AskedTimes,
  ): Promise<SessionBlocks[]> {
    const opened: SessionBlocks[] = [];
    let next = 0;
    const openOn = async () => {
      while (next < views.length) {
        const at = next++;
        try {
          opened[at] = await SessionBlocks.open(views[at]!, source, losses, asked);
        } catch (error) {
          next = views.length;
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openOn));
    return opened;
  }

  /** One of these blocks; undefined, and noted as lost, where its chunk has gone since the session was opened. */
  async load(ref: BlockRef): Promise<Block | undefined> {
    const block = await ref.load();
    if (block === undefined) this.#losses.add(this.view, ref.seq, ref.seq);
    return block;
  }

  /** What the epoch of this block defines, as far as its blocks are there. */
  dictionary(seq: bigint): Dictionary {
    const epoch = epochOf(seq);
    const known = this.#dictionaries.get(epoch);
    if (known !== undefined) return known;
    const dictionary = new Dictionary();
    for (const { section } of this.definitions(seq)) addDefinitions(dictionary, section);
    this.#dictionaries.set(epoch, dictionary);
    if (this.#dictionaries.size > EPOCHS_KEPT) this.#dictionaries.delete(this.#dictionaries.keys().next().value!);
    return dictionary;
  }

  /** What the whole session defines; ids mean one thing through all its epochs. */
  wholeDictionary(): Dictionary {
    const { text, present } = this.view;
    // A chunk that was missing may be restored.
    const there = present.minus(this.#absent);
    const key = `${text} ${there.toArray().map(({ first, last }) => `${first}-${last}`)}`;
    const known = this.#source.dictionaries.get(key);
    if (known !== undefined) return known.dictionary;
    const dictionary = new Dictionary();
    let bytes = 0;
    for (const { definitions } of this.refs) {
      addDefinitions(dictionary, definitions.section);
      bytes += definitions.section.length;
    }
    this.#source.dictionaries.set(key, { dictionary, bytes });
    return dictionary;
  }

  /** What the blocks of this one's epoch define, in order of seq. */
  definitions(seq: bigint): Definitions[] {
    return this.refsIn([epochRange(seq)]).map(({ definitions }) => definitions);
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

/** Sessions that are opened at the same time, each by one request to the store: enough to hide its latency, few beside other questions. */
const OPENED_AT_ONCE = 32;

/** Epochs of a session whose dictionaries are kept; another one's is made anew where it is asked for again. */
const EPOCHS_KEPT = 8;

/** References to a session's blocks in a chunk, made once for each footer that is in memory. */
const REFS = new WeakMap<ChunkedSession, readonly BlockRef[]>();

function refsOf(source: BlockSource, chunk: archive.Chunk, session: ChunkedSession): readonly BlockRef[] {
  const known = REFS.get(session);
  if (known !== undefined) return known;
  const { blocks } = session;
  const made = blocks.map(
    ({ seq, records, firstTime, lastTime, header, dictionary }, index): BlockRef => ({
      seq,
      records,
      firstTime,
      lastTime,
      definitions: { seq, header, section: dictionary },
      load: () => source.block(chunk, blocks, index),
    }),
  );
  REFS.set(session, made);
  return made;
}

function tailRef({ header, headerBytes, dictionary, load }: TailBlock): BlockRef {
  const { seq, recordCount, firstTime, lastTime } = header;
  const definitions = { seq, header: headerBytes, section: dictionary };
  return { seq, records: recordCount, firstTime, lastTime, definitions, load: async () => new Block(await load()) };
}

/** Chunks follow each other, so this mostly finds the order as it should be. */
function inOrder(refs: BlockRef[]): BlockRef[] {
  for (let at = 1; at < refs.length; at++) {
    if (refs[at - 1]!.seq > refs[at]!.seq) return refs.sort((a, b) => (a.seq < b.seq ? -1 : 1));
  }
  return refs;
}

function isIn(ranges: readonly archive.Range[], seq: bigint): boolean {
  return ranges.some(({ first, last }) => first <= seq && seq <= last);
}
