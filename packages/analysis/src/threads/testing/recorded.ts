import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import {
  Block,
  BlockWriter,
  Dictionary,
  type FieldValue,
  type LaneInfo,
  parseEnvelope,
  Stage,
  sections,
  type WrittenBlock,
} from "@wayward/block";
import { type Kind, newSessionId } from "@wayward/record";
import { Batch } from "../../batch.ts";
import { rowsOf } from "../../table.ts";
import { ThreadFold } from "../fold.ts";
import { threadTables } from "../tables.ts";

/** Clock at the session's start. */
export const START = 5_000_000n;

/** Writes the blocks of a session for tests. Times are nanoseconds since its start. */
export class Recorded {
  readonly blocks: WrittenBlock[] = [];
  readonly #stage = new Stage();
  readonly #writer = new BlockWriter({
    session: newSessionId(0, new Uint8Array(10)),
    description: api.SessionDescription.fromPartial({ name: "threads", start: START }),
    pack: false,
  });

  lane(name: string, info: Partial<LaneInfo> = {}): number {
    return this.#writer.dictionary.lane({ name, kind: "thread", ...info });
  }

  object(name: string, type = "mutex"): number {
    return this.#writer.dictionary.object({ type, class: name });
  }

  string(text: string): number {
    return this.#writer.dictionary.string(text);
  }

  add(lane: number, time: number, kind: Kind, ...values: FieldValue[]): void {
    this.#stage.add(this.#writer.dictionary.kind(kind), kind, { lane, time: START + BigInt(time) }, values);
  }

  /** Records of the lane are missing since `from`. */
  drop(lane: number, count: number, time: number, from = time): void {
    this.cut();
    this.#writer.drop(lane, count, START + BigInt(from), START + BigInt(time), "ring-full", this.lane("reporter"));
  }

  /** The session ends, with a block that has no record. */
  end(): void {
    this.cut();
    this.blocks.push(...this.#writer.write(this.#stage, { cause: 0, uncertainMs: 0, exit: "" }));
  }

  /** What was added since becomes a block of its own. */
  cut(): void {
    this.blocks.push(...this.#writer.write(this.#stage));
    this.#stage.clear();
  }
}

/** Folds blocks; after each the state goes through its checkpoint, if asked for. */
export function foldBlocks(blocks: readonly WrittenBlock[], checkpoints = false): ThreadFold {
  const dictionary = new Dictionary();
  let fold = new ThreadFold(dictionary);
  for (const { bytes } of blocks) {
    const envelope = unwrap(parseEnvelope(bytes));
    dictionary.add(sections(envelope).dictionary);
    const block = new Block(envelope);
    fold.step(envelope.header.seq, new Batch(block.columns, dictionary, START), () => block.openSet);
    if (checkpoints) fold = new ThreadFold(dictionary, fold.checkpoint());
  }
  return fold;
}

/** The rows of `lanes` and of `activity`. */
export function tablesOf({ state }: ThreadFold) {
  const [lanes, activity] = threadTables("s", state).map(rowsOf);
  return { lanes: lanes!, activity: activity! };
}
