import { block as api } from "@wayward/api";
import { BlockWriter, Stage } from "@wayward/block";
import { newSessionId, noteText, sessionText } from "@wayward/record";

/** For tests: a session whose blocks hold one note each, numbered `n0`, `n1`, … */
export class Notes {
  readonly id = newSessionId(Date.now());
  readonly text = sessionText(this.id);
  readonly #writer: BlockWriter;
  readonly #stage = new Stage();
  readonly #padding: string;
  #next = 0;

  /** `padding` follows each number, to make blocks larger. */
  constructor(name: string, padding = "") {
    this.#writer = new BlockWriter({ session: this.id, description: api.SessionDescription.fromPartial({ name }) });
    this.#padding = padding;
  }

  /** The next block. */
  block(): Buffer {
    const { dictionary } = this.#writer;
    if (this.#next === 0) dictionary.lane({ name: "main", kind: "thread" });
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
}
