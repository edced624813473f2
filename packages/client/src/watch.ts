import type { Metadata } from "@grpc/grpc-js";
import { HEADER } from "@wayward/access";
import type { selection, stream } from "@wayward/api";
import { backoffMs, delay, WaywardError } from "@wayward/base";
import { sessionText } from "@wayward/record";
import { messages } from "./answer.ts";
import { type ClientRecord, RecordReader } from "./record.ts";
import { filterOf, type Selection, selectorOf } from "./selection.ts";
import { Unseen } from "./unseen.ts";

/** What an observer sees. */
export type Seen =
  | { readonly type: "record"; readonly record: ClientRecord }
  /** Records of a block that was missing when its gap was reported. */
  | { readonly type: "fill"; readonly session: Uint8Array; readonly seq: bigint; readonly records: ClientRecord[] }
  | { readonly type: "gap"; readonly gap: selection.Gap }
  /** History is done; what follows is live. */
  | { readonly type: "live" };

export interface WatchOptions extends Selection {
  /** Where to begin: at what is new, at the first record, or behind a cursor. Default `now`. */
  readonly start?: "now" | "first" | Uint8Array | undefined;
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined;
  /** False: throw when the server goes away instead of connecting again at the cursor. Default true. */
  readonly reconnect?: boolean | undefined;
}

/** Who is asked, and what each call says of who asks. */
interface Observing {
  readonly client: stream.StreamServiceClient;
  metadata(): Metadata;
}

/** History, then live, as one stream that outlives the server's restarts. */
export class Watch implements AsyncIterable<Seen> {
  /** Goes on behind everything seen so far; at most a second behind. */
  cursor: Uint8Array = new Uint8Array(0);
  readonly #unseen = new Unseen();
  readonly #client: () => Observing;
  readonly #address: string;
  readonly #options: WatchOptions;
  /** What the last call said of who asks. */
  #who: Metadata | undefined;

  constructor(client: () => Observing, address: string, options: WatchOptions) {
    this.#client = client;
    this.#address = address;
    this.#options = options;
    if (options.start instanceof Uint8Array) this.cursor = options.start;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Seen> {
    const { signal, reconnect = true } = this.#options;
    const stopped = () => signal?.aborted === true;
    for (let attempt = 0; !stopped(); attempt++) {
      try {
        for await (const seen of this.#once()) {
          attempt = 0;
          yield seen;
        }
      } catch (error) {
        if (stopped()) return;
        const resumable = reconnect && this.cursor.length > 0 && (isPassing(error) || this.#hasNewKey(error));
        if (!resumable) throw error;
      }
      await delay(backoffMs(attempt, Math.random()), signal);
    }
  }

  async *#once(): AsyncGenerator<Seen> {
    const { signal, start } = this.#options;
    const { client, metadata } = this.#client();
    const request: stream.ObserveRequest = {
      selector: selectorOf(this.#options),
      filter: filterOf(this.#options),
      form: 0,
      start: this.cursor.length > 0 ? 2 : start === "first" ? 1 : 0,
      cursor: Buffer.from(this.cursor),
    };
    this.#who = metadata();
    const call = client.observe(request, this.#who);
    const cancel = () => call.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    const reader = new RecordReader();
    this.#unseen.begin();
    try {
      for await (const message of messages<stream.ObserveResponse>(call, this.#address)) {
        for (const seen of seenIn(message, reader)) yield* this.#show(seen);
        if (message.cursor.length === 0) continue;
        this.cursor = message.cursor;
        this.#unseen.moved();
      }
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Whether a call was refused that came with another key than the next one would: its file was replaced. */
  #hasNewKey(error: unknown): boolean {
    if (!(error instanceof WaywardError) || error.code !== "UNAUTHENTICATED") return false;
    const [had] = this.#who?.get(HEADER) ?? [];
    const [has] = this.#client().metadata().get(HEADER);
    return has !== had;
  }

  /** What of it the calls before this one have not shown. */
  *#show(seen: Seen): Iterable<Seen> {
    const isNew = ({ session, lane, eventNo }: ClientRecord) => this.#unseen.take(session, lane.number, eventNo);
    if (seen.type === "record") {
      if (isNew(seen.record)) yield seen;
    } else if (seen.type === "fill") {
      const session = sessionText(seen.session);
      // It comes from between those around it.
      this.#unseen.gap(session);
      const records = seen.records.filter(isNew);
      this.#unseen.gap(session);
      if (records.length > 0 || seen.records.length === 0) yield { ...seen, records };
    } else {
      if (seen.type === "gap") this.#unseen.gap(gapSession(seen.gap));
      yield seen;
    }
  }
}

/** The session that a gap is of; empty where it is of none alone. */
function gapSession({ session }: selection.Gap): string {
  return session.length === 16 ? sessionText(session) : "";
}

function* seenIn({ part }: stream.ObserveResponse, reader: RecordReader): Iterable<Seen> {
  switch (part?.$case) {
    case "rows":
      for (const record of reader.read(part.value)) yield { type: "record", record };
      break;
    case "fill": {
      const { session, seq, rows } = part.value;
      yield { type: "fill", session, seq, records: rows === undefined ? [] : [...reader.read(rows)] };
      break;
    }
    case "gap":
      yield { type: "gap", gap: part.value };
      break;
    case "live":
      yield { type: "live" };
  }
}

/** True for failures after which the same call may work. */
function isPassing(error: unknown): boolean {
  return error instanceof WaywardError && ["UNAVAILABLE", "INTERNAL", "CANCELLED", "UNKNOWN"].includes(error.code);
}
