import { archive, type ingest } from "@wayward/api";
import { type Bus, type TopicValue, WATERMARKS, watermarkTopic } from "@wayward/bus";
import { errorFacts, type Log } from "@wayward/service-kit";
import { TopicWatch } from "./topic-watch.ts";

/** Hears what the archive has of which session. */
export class Watermarks {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #watch: TopicWatch;

  /** `listener` hears all watermarks as they are now, then every change. */
  constructor(bus: Bus, log: Log, listener: (archived: ingest.Archived) => void) {
    this.#bus = bus;
    this.#log = log;
    this.#watch = new TopicWatch(bus, WATERMARKS, log, (topic) => listener(archivedOf(topic)));
  }

  /** The watermark of one session as it is now. Never rejects: the next change is told anyway. */
  async read(session: string): Promise<ingest.Archived | undefined> {
    try {
      const topic = await this.#bus.topics.get(watermarkTopic(session));
      return topic && archivedOf(topic);
    } catch (error) {
      if (!this.#watch.stopped) this.#log.warn("a watermark could not be read", errorFacts(error));
      return undefined;
    }
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }
}

function archivedOf({ value }: TopicValue): ingest.Archived {
  const { session, partition, incarnation, busSeq, ranges, deleted } = archive.Watermark.decode(value);
  return { session, partition, incarnation, committedBusSeq: busSeq, ranges, deleted };
}
