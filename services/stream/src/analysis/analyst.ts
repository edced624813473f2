import { serialize } from "node:v8";
import type { ReportedFinding, SharedView } from "@wayward/analysis";
import type { selection } from "@wayward/api";
import { type Envelope, parseEnvelope, refusalOf } from "@wayward/block";
import { sessionText } from "@wayward/record";
import { LiveSession } from "./live-session.ts";

/** Where an analyst says what it finds. */
export interface AnalystListener {
  found(finding: ReportedFinding): void;
  /** What matters to other sessions, serialised. */
  shared(body: Uint8Array): void;
  warned(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** Sessions of a partition that are analysed at the same time; further ones are told and left out. */
const SESSIONS_MAX = 1_000;
/** A session of which nothing came for so long makes room for another one; if it speaks again, that it is left out is told. */
const SILENT_MS = 10 * 60_000;
/** What matters to others is told again, for who begins to listen. */
const SHARED_AGAIN_MS = 10_000;
/** Sessions that made room and may speak again; the oldest are forgotten. */
const GONE_MAX = 10_000;
/** The largest message that a bus takes is 1 MiB. */
const SHARED_BYTES_MAX = 1_000_000;

/** How many sessions at a time, and after how many silent milliseconds one makes room. */
export interface AnalystBounds {
  readonly sessionsMax: number;
  readonly silentMs: number;
}

/** Analyses the running sessions of one partition, as an observer of it sees them. */
export class PartitionAnalyst {
  readonly #listener: AnalystListener;
  readonly #longWaitMs: number | undefined;
  readonly #sessions = new Map<string, LiveSession>();
  readonly #left = new Set<string>();
  /** Sessions that made room for others: what they say is not analysed any more. */
  readonly #gone = new Set<string>();
  readonly #bounds: AnalystBounds;
  #sharedMs = 0;

  /** A wait that lasts `longWaitMs` is told; default 30,000. */
  constructor(
    listener: AnalystListener,
    longWaitMs: number | undefined,
    bounds: AnalystBounds = { sessionsMax: SESSIONS_MAX, silentMs: SILENT_MS },
  ) {
    this.#listener = listener;
    this.#bounds = bounds;
    this.#longWaitMs = longWaitMs;
  }

  take({ blocks, sessions }: selection.BlockBatch): void {
    const nowMs = performance.now();
    const longWaitMs = this.#longWaitMs;
    for (const { session, description } of sessions) {
      const text = sessionText(session);
      // One that was quiet for long is named again.
      if (this.#sessions.has(text) || this.#gone.has(text)) continue;
      if (this.#hasRoom(nowMs))
        this.#sessions.set(text, new LiveSession({ session: text, description, longWaitMs }, nowMs));
      else this.#leaveOut(text);
    }
    for (const { block, dictionaries } of blocks) {
      const parsed = parseEnvelope(block);
      if (parsed.error !== undefined) {
        this.#listener.warned("a block cannot be analysed", { error: parsed.error.message });
        continue;
      }
      const definitions = dictionaries.map(({ section }) => section);
      this.#step(parsed.value, definitions, nowMs);
    }
  }

  /** To be called often: waits that last are judged by the clock, as no record may come. */
  tick(): void {
    const nowMs = performance.now();
    const wall = BigInt(Date.now()) * 1_000_000n;
    for (const session of this.#sessions.values()) {
      session.tick(wall);
      for (const finding of session.untold(nowMs, false)) this.#listener.found(finding);
    }
  }

  /** Tells what matters to other sessions, where it may have changed. */
  tellShared(): void {
    const again = performance.now() - this.#sharedMs >= SHARED_AGAIN_MS;
    if (again) this.#sharedMs = performance.now();
    for (const session of this.#sessions.values()) this.#share(session.shared(again, performance.now()));
  }

  /** One that has been silent for long goes where all places are taken. */
  #hasRoom(nowMs: number): boolean {
    const { sessionsMax, silentMs } = this.#bounds;
    if (this.#sessions.size < sessionsMax) return true;
    const silent = [...this.#sessions].find(([, { seenMs }]) => nowMs - seenMs > silentMs);
    if (silent === undefined) return false;
    this.#sessions.delete(silent[0]);
    this.#gone.add(silent[0]);
    const [oldest] = this.#gone;
    if (this.#gone.size > GONE_MAX && oldest !== undefined) this.#gone.delete(oldest);
    return true;
  }

  #step(envelope: Envelope, definitions: readonly Uint8Array[], nowMs: number): void {
    const text = sessionText(envelope.header.session);
    const session = this.#sessions.get(text);
    if (session === undefined) {
      if (this.#gone.delete(text)) this.#leaveOut(text);
      return;
    }
    try {
      session.step(envelope, definitions, nowMs);
    } catch (error) {
      if (refusalOf(error) === undefined) throw error;
      this.#listener.warned("a block cannot be analysed", { session: text, seq: String(envelope.header.seq) });
    }
    const ended = envelope.header.end !== undefined;
    for (const finding of session.untold(nowMs, ended)) this.#listener.found(finding);
    if (ended) {
      this.#share(session.sharedNow());
      this.#sessions.delete(text);
    }
  }

  #share(view: SharedView | undefined): void {
    if (view === undefined) return;
    const body = serialize(view);
    if (body.length <= SHARED_BYTES_MAX) this.#listener.shared(body);
    else
      this.#listener.warned("too many shared locks to look for cycles with other sessions", { session: view.session });
  }

  #leaveOut(session: string): void {
    if (this.#left.size >= SESSIONS_MAX || this.#left.has(session)) return;
    this.#left.add(session);
    this.#listener.warned("a session is not analysed live", { session, limit: this.#bounds.sessionsMax });
  }
}
