import { archive, type ingest } from "@wayward/api";
import { type Address, type Bus, type TopicValue, WATERMARKS, watermarkTopic } from "@wayward/bus";
import { errorFacts, type Log } from "@wayward/service-kit";
import { TopicWatch } from "./topic-watch.ts";

/** Hears what the archive has of which session. */
export class Watermarks {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #watch: TopicWatch;

  /** `listener` hears all watermarks as they are now, then every change. */
  constructor(bus: Bus, log: Log, listener: (tenant: string, archived: ingest.Archived) => void) {
    this.#bus = bus;
    this.#log = log;
    this.#watch = new TopicWatch(bus, WATERMARKS, log, (topic) => listener(tenantOf(topic), archivedOf(topic)));
  }

  /** The watermark of one session as it is now. Never rejects: the next change is told anyway. */
  async read(address: Address): Promise<ingest.Archived | undefined> {
    try {
      const topic = await this.#bus.topics.get(watermarkTopic(address));
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

/** An archiver of before, in a rolling update, names no tenant: there was one. */
function tenantOf({ name }: TopicValue): string {
  const [, tenant = "", ...rest] = name.split("/");
  return rest.length === 0 ? "default" : tenant;
}

function archivedOf({ value }: TopicValue): ingest.Archived {
  const { session, partition, incarnation, busSeq, ranges, deleted } = archive.Watermark.decode(value);
  return { session, partition, incarnation, committedBusSeq: busSeq, ranges, deleted };
}
