import { delay } from "@wayward/base";
import type { Bus, TopicValue } from "@wayward/bus";
import { errorFacts, type Log } from "@wayward/service-kit";

/** After the bus could not be watched. */
const WATCH_AGAIN_MS = 1_000;

/** Watches all topics below a prefix until it is stopped, however often the bus goes away. */
export class TopicWatch {
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  /** `listener` hears all values as they are now, then every change; after a failure all again. */
  constructor(bus: Bus, prefix: string, log: Log, listener: (topic: TopicValue) => void) {
    this.#watching = this.#watch(bus, prefix, log, listener);
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(bus: Bus, prefix: string, log: Log, listener: (topic: TopicValue) => void): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const topic of bus.topics.watch(prefix, signal)) listener(topic);
      } catch (error) {
        if (!signal.aborted) log.warn(`topics below ${prefix} cannot be watched`, errorFacts(error));
      }
      await delay(WATCH_AGAIN_MS, signal);
    }
  }
}
