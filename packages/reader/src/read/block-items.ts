import { selection } from "@wayward/api";
import { asBuffer } from "@wayward/base";
import { type Block, epochOf } from "@wayward/block";
import type { SessionBlocks } from "../snapshot/blocks.ts";
import { rangesOfPlaces } from "./place-ranges.ts";

/** Makes the block messages of one stream. What is needed to decode a block is sent once, with the first that needs it. */
export class BlockItems {
  #batch = selection.BlockBatch.fromPartial({});
  readonly #sessions = new Map<string, number>();
  readonly #epochs = new Set<string>();
  /** Bytes of the blocks in the batch. */
  bytes = 0;

  /** What was added since the last call. */
  take(): selection.BlockBatch {
    const batch = this.#batch;
    this.#batch = selection.BlockBatch.fromPartial({});
    this.bytes = 0;
    return batch;
  }

  /** Adds a block; `picked` are places of the records that were chosen, in any order, all of them if undefined. */
  add(session: SessionBlocks, block: Block, picked: Uint32Array | undefined): void {
    const { view } = session;
    const { seq } = block.header;
    const bytes = asBuffer(block.envelope.bytes);
    this.#session(view);
    this.#batch.blocks.push({
      block: bytes,
      dictionaries: this.#dictionaries(session, seq),
      ranges: picked === undefined ? [] : rangesOfPlaces(picked),
    });
    this.bytes += bytes.length;
  }

  #session({ id, text, description }: SessionBlocks["view"]): void {
    if (this.#sessions.has(text)) return;
    const made = this.#sessions.size + 1;
    this.#sessions.set(text, made);
    this.#batch.sessions.push({ id: made, session: asBuffer(id), description });
  }

  #dictionaries(session: SessionBlocks, seq: bigint): selection.DictionaryItem[] {
    const epoch = `${session.view.text}/${epochOf(seq)}`;
    if (this.#epochs.has(epoch)) return [];
    this.#epochs.add(epoch);
    const others = session.definitions(seq).filter((other) => other.seq !== seq);
    return others.map(({ seq, header, section }) => ({ seq, header: asBuffer(header), section: asBuffer(section) }));
  }
}
