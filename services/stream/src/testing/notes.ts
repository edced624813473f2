import { block as api } from "@wayward/api";
import { BlockWriter, Stage } from "@wayward/block";
import { newSessionId, noteText, sessionText } from "@wayward/record";

/** For tests: a session whose blocks hold one note each, numbered `n0`, `n1`, … */
export class Notes {
  readonly id: Uint8Array;
  readonly text: string;
  readonly #stage = new Stage();
  readonly #name: string;
  readonly #padding: string;
  #writer: BlockWriter;
  #next = 0;

  /** `padding` follows each number, to make blocks larger. With `id` it claims to be that session. */
  constructor(name: string, padding = "", id: Uint8Array = newSessionId(Date.now())) {
    this.id = id;
    this.text = sessionText(id);
    this.#name = name;
    this.#padding = padding;
    this.#writer = this.#writerFrom(0n);
  }

  /** The next block has this seq, whatever the last one had. */
  jumpTo(seq: bigint): this {
    this.#writer = this.#writerFrom(seq);
    return this;
  }

  /** The next block. */
  block(): Buffer {
    const { dictionary } = this.#writer;
    this.#stage.clear();
    const head = { lane: 1, time: BigInt(this.#next), site: dictionary.site({ text: `site ${this.#next % 3}` }) };
    const text = `n${this.#next++}${this.#padding}`;
    this.#stage.add(dictionary.kind(noteText), noteText, head, [text]);
    return this.#writer.write(this.#stage)[0]!.bytes;
  }

  /** The next `count` blocks. */
  many(count: number): Buffer[] {
    return Array.from({ length: count }, () => this.block());
  }

  /** The last block, without a note. */
  end(): Buffer {
    this.#stage.clear();
    return this.#writer.write(this.#stage, {
      cause: api.EndCause.END_CAUSE_CLEAN_UNSPECIFIED,
      exit: "0",
      uncertainMs: 0,
    })[0]!.bytes;
  }

  #writerFrom(firstSeq: bigint): BlockWriter {
    const description = api.SessionDescription.fromPartial({ name: this.#name });
    const writer = new BlockWriter({ session: this.id, description, firstSeq });
    // Its epoch may have begun, and this dictionary has defined nothing in it.
    writer.dictionary.begin(true);
    writer.dictionary.lane({ name: "main", kind: "thread" });
    return writer;
  }
}
