import { delay, WaywardError } from "@wayward/base";
import type { Client, ClientRecord } from "@wayward/client";
import type { Known } from "./recorded.ts";

/** So long nothing may come before a watch counts as over. */
const SILENT_MS = 15_000;

export const known = ({ time, lane, kind }: ClientRecord): Known => ({ time, lane: lane.number, kind });

/** Follows one session from its first record on, across restarts of what it follows, and keeps what it saw. */
export class Watcher {
  readonly #seen: Known[] = [];
  /** Why it ended by itself, or empty. */
  ended = "";
  /** The gaps that were told, each by its cause and what is not there. */
  readonly gaps: string[] = [];
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(client: Client, session: string) {
    this.#watching = this.#watch(client, session);
  }

  /** What was seen, by time, once there are so many records or no more come. */
  async all(records: number): Promise<Known[]> {
    let before = -1;
    for (let silentMs = 0; this.#seen.length < records && silentMs < SILENT_MS; silentMs += 100) {
      if (this.#seen.length > before) silentMs = 0;
      before = this.#seen.length;
      await delay(100);
    }
    // What comes twice would come now.
    await delay(500);
    this.#stop.abort();
    await this.#watching;
    return this.#seen.sort((a, b) => (a.time < b.time ? -1 : 1));
  }

  async #watch(client: Client, session: string): Promise<void> {
    const watch = client.watch({ sessions: [session], start: "first", signal: this.#stop.signal });
    try {
      for await (const seen of watch) {
        if (seen.type === "record") this.#seen.push(known(seen.record));
        else if (seen.type === "fill") this.#seen.push(...seen.records.map(known));
        else if (seen.type === "gap") this.gaps.push(seen.gap.message);
      }
    } catch (error) {
      const { code, message } = WaywardError.from(error);
      if (code === "UNAVAILABLE" && watch.cursor.length === 0) return this.#watch(client, session);
      this.ended = `${code} ${message}`;
    }
  }
}
