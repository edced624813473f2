import type { selection } from "@wayward/api";
import { asBuffer } from "@wayward/base";
import { addDefinitions, Block, beginsEpoch, Dictionary, type Envelope, epochOf, sections } from "@wayward/block";
import { RangeSet } from "@wayward/chunk";
import { type Catalogue, Losses, SessionBlocks, type SessionView } from "@wayward/reader";
import { SessionOrder } from "./core/session-order.ts";

/** What an observer needs to know of a session. */
export type Followed = Pick<SessionView, "id" | "text" | "partition" | "description">;

/** One session as one observer follows it. */
export class ObservedSession {
  readonly view: Followed;
  readonly order: SessionOrder;
  /** Blocks that are held back for order. */
  readonly held = new Map<bigint, Envelope>();
  /** What was sent beyond the cursor's log number. */
  beyond = new RangeSet();
  /** The log says that it was deleted: no more is shown. */
  gone = false;
  /** An observer of blocks was told which session it is. */
  named = false;
  /** When its last block came, in ms since 1970. */
  heardMs = Date.now();
  #epoch = -1n;
  #dictionary = new Dictionary();
  readonly #keepsDefinitions: boolean;
  /** What the epoch's blocks define that an observer of blocks has not got yet. */
  #unsent = new Map<bigint, selection.DictionaryItem>();

  /** `keepsDefinitions`: for an observer of blocks, who takes them; for others they would pile up. */
  constructor(view: Followed, sent: RangeSet, keepsDefinitions: boolean) {
    this.view = view;
    this.#keepsDefinitions = keepsDefinitions;
    this.order = new SessionOrder(sent);
  }

  /** The block with what its epoch defines. Definitions of earlier blocks are fetched where the observer came later. */
  async open(
    envelope: Envelope,
    catalogue: Catalogue,
  ): Promise<{ readonly block: Block; readonly dictionary: Dictionary }> {
    const { seq } = envelope.header;
    if (epochOf(seq) !== this.#epoch) {
      this.#epoch = epochOf(seq);
      this.#dictionary = new Dictionary();
      this.#unsent = new Map();
      if (!beginsEpoch(seq)) await this.#addEarlier(seq, catalogue);
    }
    this.#define(seq, envelope.headerBytes, sections(envelope).dictionary);
    return { block: new Block(envelope), dictionary: this.#dictionary };
  }

  /**
   * The session is over: what its last epoch defined is let go, as observers
   * stay for longer than sessions do. A block that still comes fetches it.
   */
  rest(): void {
    this.#epoch = -1n;
    this.#dictionary = new Dictionary();
    this.#unsent = new Map();
  }

  /** What a reader of this block lacks of its epoch, in order of seq; told once. */
  takeDefinitions(seq: bigint): selection.DictionaryItem[] {
    this.#unsent.delete(seq);
    const items = [...this.#unsent.values()].sort((a, b) => (a.seq < b.seq ? -1 : 1));
    this.#unsent.clear();
    return items;
  }

  async #addEarlier(seq: bigint, catalogue: Catalogue): Promise<void> {
    const view = await catalogue.session(this.view.id);
    if (view === undefined) return;
    // Names that it lacks are told with the records that need them.
    const blocks = await SessionBlocks.open(view, catalogue.source, new Losses());
    for (const { seq: at, header, section } of blocks.definitions(seq)) {
      if (at !== seq) this.#define(at, header, section);
    }
  }

  #define(seq: bigint, header: Uint8Array, section: Uint8Array): void {
    // Copies, as a view would keep all of the block.
    const copy = (bytes: Uint8Array) => asBuffer(Uint8Array.from(bytes));
    if (this.#keepsDefinitions) this.#unsent.set(seq, { seq, header: copy(header), section: copy(section) });
    addDefinitions(this.#dictionary, section);
  }
}
