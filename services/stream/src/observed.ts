import { Block, beginsEpoch, Dictionary, type Envelope, LIMITS, refusalOf, sections } from "@wayward/block";
import { RangeSet } from "@wayward/chunk";
import type { Catalogue, SessionView } from "@wayward/reader";
import { SessionBlocks } from "@wayward/reader";
import { SessionOrder } from "./core/session-order.ts";

const EPOCH = BigInt(LIMITS.epochBlocks);

/** One session as one observer follows it. */
export class ObservedSession {
  view: SessionView;
  readonly order: SessionOrder;
  /** Blocks that are held back for order. */
  readonly held = new Map<bigint, Envelope>();
  /** What was sent beyond the cursor's log number. */
  readonly beyond = new RangeSet();
  #epoch = -1n;
  #dictionary = new Dictionary();

  constructor(view: SessionView, sent: RangeSet) {
    this.view = view;
    this.order = new SessionOrder(sent);
  }

  /** The block with what its epoch defines. Definitions of earlier blocks are fetched where the observer came later. */
  async open(
    envelope: Envelope,
    catalogue: Catalogue,
  ): Promise<{ readonly block: Block; readonly dictionary: Dictionary }> {
    const { seq } = envelope.header;
    if (seq / EPOCH !== this.#epoch) {
      this.#epoch = seq / EPOCH;
      this.#dictionary = beginsEpoch(seq) ? new Dictionary() : await this.#earlier(seq, catalogue);
    }
    try {
      this.#dictionary.add(sections(envelope).dictionary);
    } catch (error) {
      // Its names stay unknown, and the reader is told of that.
      if (refusalOf(error) === undefined) throw error;
    }
    return { block: new Block(envelope), dictionary: this.#dictionary };
  }

  async #earlier(seq: bigint, catalogue: Catalogue): Promise<Dictionary> {
    const { id } = this.view;
    const { sessions } = await catalogue.snapshot((session) => Buffer.compare(session, id) === 0);
    const [view] = sessions;
    if (view === undefined) return new Dictionary();
    return (await SessionBlocks.open(view, catalogue.source)).dictionary(seq);
  }
}
