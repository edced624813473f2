import { checkTopic } from "../names.ts";
import type { Topics, TopicValue } from "../port.ts";
import { AsyncQueue } from "../queue.ts";
import type { BusDatabase } from "./database.ts";

/** Last values in a table; who watches hears changes from memory. */
export class EmbeddedTopics implements Topics {
  readonly #database: BusDatabase;
  readonly #watchers = new Set<{ readonly prefix: string; readonly queue: AsyncQueue<TopicValue> }>();

  constructor(database: BusDatabase) {
    this.#database = database;
  }

  async get(name: string): Promise<TopicValue | undefined> {
    checkTopic(name);
    return this.#database.topic(name);
  }

  async set(name: string, value: Uint8Array, expected?: bigint): Promise<bigint | "changed"> {
    checkTopic(name, value);
    const present = this.#database.topic(name)?.revision ?? 0n;
    if (expected !== undefined && expected !== present) return "changed";
    const revision = present + 1n;
    this.#database.setTopic(name, value, revision, Date.now());
    for (const { prefix, queue } of this.#watchers) {
      if (name.startsWith(`${prefix}/`)) queue.put({ name, value: Buffer.from(value), revision });
    }
    return revision;
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<TopicValue> {
    checkTopic(prefix);
    const queue = new AsyncQueue<TopicValue>();
    const watcher = { prefix, queue };
    const stop = () => queue.close();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    for (const value of this.#database.topicsBelow(prefix)) queue.put(value);
    this.#watchers.add(watcher);
    try {
      for (let value = await queue.take(); value !== undefined; value = await queue.take()) yield value;
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Ends every watch. */
  close(): void {
    for (const { queue } of this.#watchers) queue.close();
  }
}
