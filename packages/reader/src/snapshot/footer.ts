import type { archive } from "@wayward/api";
import { type Dimension, LazySummary, type SummaryColumns } from "@wayward/block";
import { sessionText } from "@wayward/record";

/** Sums over some blocks, by what they count. */
export interface Summed {
  /** Undefined where nothing was counted by it. Throws a refusal if it is damaged. */
  table(dimension: Dimension): SummaryColumns | undefined;
}

/** What a chunk says of one session. */
export interface ChunkedSession {
  readonly blocks: readonly archive.ChunkBlock[];
  /** Merged over all these blocks. */
  readonly summary: Summed;
}

/** A decoded footer is some three times its bytes. */
const DECODED = 3;

/** A chunk's footer in memory, with what was decoded of its summaries. */
export class Footer {
  readonly #listed = new Map<string, archive.ChunkSession>();
  readonly #sessions = new Map<string, ChunkedSession>();
  /** Bytes that it takes, roughly. */
  memory: number;

  constructor(footer: archive.ChunkFooter, bytes: number) {
    for (const listed of footer.sessions) this.#listed.set(sessionText(listed.session), listed);
    this.memory = bytes * DECODED;
  }

  session(text: string): ChunkedSession | undefined {
    const known = this.#sessions.get(text);
    if (known !== undefined) return known;
    const listed = this.#listed.get(text);
    if (listed === undefined) return undefined;
    const made = { blocks: listed.blocks, summary: this.#summed(new LazySummary(listed.summary)) };
    this.#sessions.set(text, made);
    return made;
  }

  #summed(summary: LazySummary): Summed {
    return {
      table: (dimension) => {
        const before = summary.memory;
        const table = summary.table(dimension);
        this.memory += summary.memory - before;
        return table;
      },
    };
  }
}
