import { archive, type ingest } from "@wayward/api";
import { delay } from "@wayward/base";
import type { Bus, TopicValue } from "@wayward/bus";
import { sessionText } from "@wayward/record";
import { errorFacts, type Log } from "@wayward/service-kit";

/** Topics of what the archive has, one a session: `watermark/<session>`. */
const PREFIX = "watermark";

type Listener = (archived: ingest.Archived) => void;

/** What the archive has of which session, told to the streams that push it. */
export class Watermarks {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #deleted = new Set<string>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(bus: Bus, log: Log) {
    this.#bus = bus;
    this.#log = log;
    this.#watching = this.#watch();
  }

  isDeleted(session: Uint8Array): boolean {
    return this.#deleted.size > 0 && this.#deleted.has(sessionText(session));
  }

  /** Tells the listener what the archive has now, and all that follows, until the result is called. */
  follow(session: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(session) ?? new Set();
    this.#listeners.set(session, listeners.add(listener));
    this.#bus.topics.get(`${PREFIX}/${session}`).then(
      (topic) => topic !== undefined && listeners.has(listener) && listener(this.#read(topic)),
      (error) => this.#log.warn("a watermark could not be read", errorFacts(error)),
    );
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(session) === listeners) this.#listeners.delete(session);
    };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const topic of this.#bus.topics.watch(PREFIX, signal)) {
          const archived = this.#read(topic);
          for (const listener of this.#listeners.get(topic.name.slice(PREFIX.length + 1)) ?? []) listener(archived);
        }
      } catch (error) {
        this.#log.warn("watermarks cannot be watched", errorFacts(error));
      }
      await delay(1000, signal);
    }
  }

  #read({ name, value }: TopicValue): ingest.Archived {
    const { session, partition, incarnation, busSeq, ranges, deleted } = archive.Watermark.decode(value);
    if (deleted) this.#deleted.add(name.slice(PREFIX.length + 1));
    return { session, partition, incarnation, committedBusSeq: busSeq, ranges, deleted };
  }
}
