import type { archive } from "@wayward/api";
import { asBuffer, present, unwrap, WaywardError } from "@wayward/base";
import { Block, type Dictionary, parseEnvelope } from "@wayward/block";
import { readFooter } from "@wayward/chunk";
import type { Store } from "@wayward/store";
import { Cache } from "./cache.ts";
import { type ChunkedSession, Footer } from "./footer.ts";

/** Packed bytes of the dictionaries that are kept whole; decoded they take some ten times that. */
const DICTIONARY_BYTES_MAX = 2 * 1024 * 1024;
/** Blocks that lie beside the one wanted are fetched with it, up to this many bytes. */
const FETCH_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes of what is kept between questions. */
export interface SourceMemory {
  /** Footers with what was decoded of their summaries. */
  readonly footers: number;
  /** Blocks with what was decoded of them. */
  readonly blocks: number;
}

/** Footers and blocks of chunks, from the store or from memory. */
export class BlockSource {
  readonly #store: Store;
  readonly #footers: Cache<Footer>;
  readonly #blocks: Cache<Block>;

  /** Whole dictionaries of sessions, by session and the blocks that they are from. */
  readonly dictionaries = new Cache<{ readonly dictionary: Dictionary; readonly bytes: number }>(
    DICTIONARY_BYTES_MAX,
    ({ bytes }) => bytes,
  );

  constructor(store: Store, { footers, blocks }: SourceMemory) {
    this.#store = store;
    this.#footers = new Cache(footers, ({ memory }) => memory);
    this.#blocks = new Cache(blocks, ({ memory }) => memory);
  }

  /** What a chunk says of one of its sessions; undefined where the store does not have the chunk. Error DATA_LOSS / BAD_CHUNK where it is damaged. */
  async session(chunk: archive.Chunk, text: string): Promise<ChunkedSession | undefined> {
    const footer = await this.#footer(chunk);
    if (footer === undefined) return undefined;
    const found = footer.session(text);
    if (found !== undefined) return found;
    throw new WaywardError(
      "DATA_LOSS",
      "BAD_CHUNK",
      `chunk ${chunk.key} does not hold a session that its log entry names`,
    );
  }

  /** One block; its neighbours in the same chunk and session come with it. Undefined where the store does not have the chunk. */
  async block(
    chunk: archive.Chunk,
    entries: readonly archive.ChunkBlock[],
    wanted: number,
  ): Promise<Block | undefined> {
    const entry = entries[wanted]!;
    const known = this.#blocks.get(placeKey(chunk, entry));
    if (known !== undefined) return known;
    const until = runEnd(entries, wanted, (entry) => this.#blocks.has(placeKey(chunk, entry)));
    const offset = Number(entry.offset);
    const last = entries[until - 1]!;
    const length = Number(last.offset) + last.length - offset;
    const object = await this.#store.get(chunk.key, { offset, length });
    if (object === undefined) return undefined;
    for (let index = until - 1; index >= wanted; index--) {
      const at = Number(entries[index]!.offset) - offset;
      const bytes = asBuffer(object.bytes).subarray(at, at + entries[index]!.length);
      this.#blocks.set(placeKey(chunk, entries[index]!), new Block(unwrap(parseEnvelope(bytes))));
    }
    return present(this.#blocks.get(placeKey(chunk, entry)), "the block just fetched");
  }

  async #footer(chunk: archive.Chunk): Promise<Footer | undefined> {
    const known = this.#footers.get(chunk.key);
    if (known !== undefined) return known;
    const size = Number(chunk.bytes);
    const read = await readFooter(
      size,
      async (length) => (await this.#store.get(chunk.key, { offset: size - length, length }))?.bytes,
    );
    if (read === undefined) return undefined;
    const footer = new Footer(read.footer, read.length);
    this.#footers.set(chunk.key, footer);
    return footer;
  }
}

/** Where the run of neighbouring blocks ends that is fetched at once: at one that is there already, with what was decoded of it. */
function runEnd(
  entries: readonly archive.ChunkBlock[],
  from: number,
  isThere: (entry: archive.ChunkBlock) => boolean,
): number {
  let until = from + 1;
  let end = Number(entries[from]!.offset) + entries[from]!.length;
  const limit = Number(entries[from]!.offset) + FETCH_BYTES_MAX;
  while (
    until < entries.length &&
    Number(entries[until]!.offset) === end &&
    end + entries[until]!.length <= limit &&
    !isThere(entries[until]!)
  ) {
    end += entries[until]!.length;
    until++;
  }
  return until;
}

function placeKey(chunk: archive.Chunk, { offset }: archive.ChunkBlock): string {
  return `${chunk.key}@${offset}`;
}
