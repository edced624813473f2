import { backoffMs, delay, present, type WaywardError } from "@wayward/base";
import { Events, type JetStreamManager, type NatsConnection, type StreamInfo } from "nats";
import { busError, creationOf, ensureStream, isApiError, type StreamSettings, unavailable } from "./streams.ts";
import { TOPICS_STREAM } from "./subjects.ts";

/** What is known of one stream. */
interface Known {
  readonly settings: StreamSettings;
  creation: string;
  /** Why the stream may be another one by now, or none. */
  doubt: WaywardError | undefined;
  /** Counts what has put the stream in doubt: only the last attempt to restore it goes on. */
  round: number;
  /** An answer about it is awaited because something failed. */
  suspected: boolean;
  /** Called when it is in doubt, or another one. */
  readonly listeners: Set<() => void>;
}

/**
 * Which creation of each stream this process counts by. Sequences compare
 * only inside one: a stream that was lost or deleted begins again with 1.
 * After each loss of the connection the streams are in doubt until the server
 * has told of them, or has made them anew.
 */
export class Creations {
  readonly #manager: JetStreamManager;
  readonly #streams = new Map<string, Known>();
  readonly #made: string[] = [];
  readonly #closing = new AbortController();

  constructor(manager: JetStreamManager) {
    this.#manager = manager;
  }

  /**
   * Makes what is missing of these, and looks after all of them. Throws
   * BUS_MISCONFIGURED, BUS_TOO_SMALL, BUS_UNAVAILABLE.
   */
  async ensure(all: readonly StreamSettings[]): Promise<StreamInfo[]> {
    const infos: StreamInfo[] = [];
    const ensuring = all.map(async (settings) => {
      const { info, isNew } = await ensureStream(this.#manager, settings);
      if (isNew) this.#made.push(settings.name);
      const creation = creationOf(info);
      this.#streams.set(settings.name, {
        settings,
        creation,
        doubt: undefined,
        round: 0,
        suspected: false,
        listeners: new Set(),
      });
      infos.push(info);
    });
    const outcomes = await Promise.allSettled(ensuring);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return infos;
  }

  /** Removes what was made here and nobody has used: it takes the room that a smaller setting needs. */
  async undo(): Promise<void> {
    for (const stream of this.#made) {
      try {
        const { state } = await this.#manager.streams.info(stream);
        // The number of partitions is all that is written before the bus is used.
        if (state.messages <= (stream === TOPICS_STREAM ? 1 : 0)) await this.#manager.streams.delete(stream);
      } catch {
        // What cannot be removed stays, empty.
      }
    }
  }

  /** The creation that was told of last. */
  of(stream: string): string {
    return this.#known(stream).creation;
  }

  /** The creation in force. Throws BUS_UNAVAILABLE while nobody knows it. */
  proven(stream: string): string {
    const { creation, doubt } = this.#known(stream);
    if (doubt === undefined) return creation;
    throw unavailable(`stream ${stream} is not known to be there (${doubt.message})`, doubt);
  }

  /** Asks the server for the stream, and takes its creation from the answer. */
  async check(stream: string): Promise<StreamInfo> {
    const known = this.#known(stream);
    try {
      const info = await this.#manager.streams.info(stream);
      note(known, creationOf(info));
      return info;
    } catch (error) {
      if (isApiError(error, 404) && known.doubt === undefined) void this.#restore(known, busError(error));
      throw busError(error);
    }
  }

  /** Asks in the background, because something failed that a lost stream would explain. */
  suspect(stream: string): void {
    const known = this.#known(stream);
    if (known.suspected || known.doubt !== undefined) return;
    known.suspected = true;
    const answered = () => {
      known.suspected = false;
    };
    this.check(stream).then(answered, answered);
  }

  isProven(stream: string, creation: string): boolean {
    const known = this.#known(stream);
    return known.doubt === undefined && known.creation === creation;
  }

  /** No stream is in doubt. */
  get areProven(): boolean {
    return [...this.#streams.values()].every(({ doubt }) => doubt === undefined);
  }

  /** Calls `listener` when the stream may be, or is, another one; gives back how to end that. */
  onDoubt(stream: string, listener: () => void): () => void {
    const { listeners } = this.#known(stream);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Restores the streams after each reconnection, until the connection is closed. */
  async watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === Events.Disconnect) for (const known of this.#streams.values()) doubt(known, lost());
      if (type === Events.Reconnect) for (const known of this.#streams.values()) void this.#restore(known, lost());
    }
    this.close();
  }

  close(): void {
    this.#closing.abort();
  }

  /** Makes the stream where it is gone, trying until the server does it or another doubt comes. */
  async #restore(known: Known, why: WaywardError): Promise<void> {
    const { signal } = this.#closing;
    const round = doubt(known, why);
    for (let attempt = 0; known.round === round && !signal.aborted; attempt++) {
      try {
        const creation = creationOf((await ensureStream(this.#manager, known.settings)).info);
        if (known.round !== round) return;
        known.doubt = undefined;
        note(known, creation);
        return;
      } catch (error) {
        if (known.round === round) known.doubt = busError(error);
        await delay(backoffMs(attempt, Math.random()), signal);
      }
    }
  }

  #known(stream: string): Known {
    return present(this.#streams.get(stream), `stream ${stream}`);
  }
}

function doubt(known: Known, why: WaywardError): number {
  known.doubt = why;
  for (const listener of known.listeners) listener();
  return ++known.round;
}

function note(known: Known, creation: string): void {
  if (known.creation === creation) return;
  known.creation = creation;
  for (const listener of known.listeners) listener();
}

function lost(): WaywardError {
  return unavailable("the connection was lost");
}
