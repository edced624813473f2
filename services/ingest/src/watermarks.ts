import { archive, type ingest } from "@wayward/api";
import { delay } from "@wayward/base";
import type { Bus, TopicValue } from "@wayward/bus";
import { errorFacts, type Log } from "@wayward/service-kit";

/** Topics of what the archive has, one a session: `watermark/<session>`. */
const PREFIX = "watermark";
/** After the bus could not be watched. */
const WATCH_AGAIN_MS = 1_000;

/** Hears what the archive has of which session. */
export class Watermarks {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  /** `listener` hears all watermarks as they are now, then every change. */
  constructor(bus: Bus, log: Log, listener: (archived: ingest.Archived) => void) {
    this.#bus = bus;
    this.#log = log;
    this.#watching = this.#watch(listener);
  }

  /** The watermark of one session as it is now. Never rejects: the next change is told anyway. */
  async read(session: string): Promise<ingest.Archived | undefined> {
    try {
      const topic = await this.#bus.topics.get(`${PREFIX}/${session}`);
      return topic && archivedOf(topic);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#log.warn("a watermark could not be read", errorFacts(error));
      return undefined;
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(listener: (archived: ingest.Archived) => void): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const topic of this.#bus.topics.watch(PREFIX, signal)) listener(archivedOf(topic));
      } catch (error) {
        if (!signal.aborted) this.#log.warn("watermarks cannot be watched", errorFacts(error));
      }
      await delay(WATCH_AGAIN_MS, signal);
    }
  }
}

function archivedOf({ value }: TopicValue): ingest.Archived {
  const { session, partition, incarnation, busSeq, ranges, deleted } = archive.Watermark.decode(value);
  return { session, partition, incarnation, committedBusSeq: busSeq, ranges, deleted };
}
