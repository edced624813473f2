import { serialize } from "node:v8";
import type { ReportedFinding, SharedView } from "@wayward/analysis";
import { selection, stream } from "@wayward/api";
import { type Envelope, parseEnvelope, refusalOf } from "@wayward/block";
import { partitionOf } from "@wayward/bus";
import type { SessionTest } from "@wayward/reader";
import { sessionText } from "@wayward/record";
import { errorFacts, type Log } from "@wayward/service-kit";
import { Observation, type ObserveSource } from "../observe.ts";
import { LiveSession } from "./live-session.ts";
import { isReporter } from "./reporter.ts";
import { SHARED_CHANNEL } from "./shared-channel.ts";

export interface PartitionOptions {
  readonly source: ObserveSource;
  readonly partition: number;
  readonly report: (finding: ReportedFinding) => void;
  /** Hears whether the sessions that run already are still being replayed. */
  readonly warming: (is: boolean) => void;
  readonly log: Log;
  /** A wait that lasts so long is told; default 30,000 ms. */
  readonly longWaitMs?: number | undefined;
}

/** Sessions of a partition that are analysed at the same time; further ones are told and left out. */
const SESSIONS_MAX = 1_000;
/** A session of which nothing came for so long makes room for another one. */
const SILENT_MS = 10 * 60_000;
const TICK_MS = 1_000;
/** What matters to others is told at most so often. */
const SHARED_MS = 100;
/** What matters to others is told again, for who begins to listen. */
const SHARED_AGAIN_MS = 10_000;
/** The largest message that a bus takes is 1 MiB. */
const SHARED_BYTES_MAX = 1_000_000;

/** Analyses the running sessions of one partition until the signal: first what they have done so far, then what they do. */
export async function analysePartition(options: PartitionOptions, signal: AbortSignal): Promise<void> {
  const analyst = new PartitionAnalyst(options);
  const ticking = setInterval(() => analyst.tick(), Math.min(TICK_MS, options.longWaitMs ?? TICK_MS));
  const telling = setInterval(() => analyst.tellShared(), SHARED_MS);
  try {
    await analyst.run(signal);
  } finally {
    clearInterval(ticking);
    clearInterval(telling);
  }
}

class PartitionAnalyst {
  readonly #options: PartitionOptions;
  readonly #sessions = new Map<string, LiveSession>();
  readonly #left = new Set<string>();
  #sharedMs = 0;

  constructor(options: PartitionOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { source, warming } = this.#options;
    const request = stream.ObserveRequest.fromPartial({
      form: selection.Form.FORM_BLOCKS,
      start: stream.Start.START_FIRST,
    });
    warming(true);
    const observation = new Observation(source, request, await this.#chosen());
    for await (const { part } of observation.run(signal)) {
      // A block that was missing and comes late cannot be taken any more: what it hid stays unproven.
      if (part?.$case === "blocks") this.#take(part.value);
      else if (part?.$case === "live") warming(false);
    }
  }

  /** Sessions of this partition that have not ended, but for those that report findings. */
  async #chosen(): Promise<SessionTest> {
    const { source, partition } = this.#options;
    const isHere: SessionTest = (session) => partitionOf(session, source.partitions) === partition;
    const { sessions } = await source.catalogue.snapshot(isHere);
    const ended = new Set(sessions.filter(({ end }) => end !== undefined).map(({ text }) => text));
    return (session, description) =>
      isHere(session, description) && !isReporter(description) && !ended.has(sessionText(session));
  }

  #take({ blocks, sessions }: selection.BlockBatch): void {
    const nowMs = performance.now();
    const { longWaitMs } = this.#options;
    for (const { session, description } of sessions) {
      const text = sessionText(session);
      if (this.#hasRoom(nowMs))
        this.#sessions.set(text, new LiveSession({ session: text, description, longWaitMs }, nowMs));
      else this.#leaveOut(text);
    }
    for (const { block, dictionaries } of blocks) {
      const parsed = parseEnvelope(block);
      if (parsed.error !== undefined) {
        this.#options.log.warn("a block cannot be analysed", { error: parsed.error.message });
        continue;
      }
      const definitions = dictionaries.map(({ section }) => section);
      this.#step(parsed.value, definitions, nowMs);
    }
  }

  /** One that has been silent for long goes where all places are taken. */
  #hasRoom(nowMs: number): boolean {
    if (this.#sessions.size < SESSIONS_MAX) return true;
    const silent = [...this.#sessions].find(([, { seenMs }]) => nowMs - seenMs > SILENT_MS);
    if (silent !== undefined) this.#sessions.delete(silent[0]);
    return silent !== undefined;
  }

  #step(envelope: Envelope, definitions: readonly Uint8Array[], nowMs: number): void {
    const text = sessionText(envelope.header.session);
    const session = this.#sessions.get(text);
    if (session === undefined) return;
    try {
      session.step(envelope, definitions, nowMs);
    } catch (error) {
      if (refusalOf(error) === undefined) throw error;
      this.#options.log.warn("a block cannot be analysed", { session: text, seq: String(envelope.header.seq) });
    }
    const ended = envelope.header.end !== undefined;
    for (const finding of session.untold(nowMs, ended)) this.#options.report(finding);
    if (ended) {
      this.#announce(session.sharedNow());
      this.#sessions.delete(text);
    }
  }

  /** Nobody hears what this throws: it is logged. */
  tick(): void {
    try {
      this.#tick();
    } catch (error) {
      this.#options.log.error("waits cannot be judged", errorFacts(error));
    }
  }

  #tick(): void {
    const nowMs = performance.now();
    const wall = BigInt(Date.now()) * 1_000_000n;
    for (const session of this.#sessions.values()) {
      session.tick(wall);
      for (const finding of session.untold(nowMs, false)) this.#options.report(finding);
    }
  }

  tellShared(): void {
    const again = performance.now() - this.#sharedMs >= SHARED_AGAIN_MS;
    if (again) this.#sharedMs = performance.now();
    for (const session of this.#sessions.values()) this.#announce(session.shared(again, performance.now()));
  }

  #announce(view: SharedView | undefined): void {
    if (view === undefined) return;
    const body = serialize(view);
    if (body.length <= SHARED_BYTES_MAX) this.#options.source.bus.announce(SHARED_CHANNEL, body);
    else
      this.#options.log.warn("too many shared locks to look for cycles with other sessions", { session: view.session });
  }

  #leaveOut(session: string): void {
    if (this.#left.size >= SESSIONS_MAX || this.#left.has(session)) return;
    this.#left.add(session);
    this.#options.log.warn("a session is not analysed live", { session, limit: SESSIONS_MAX });
  }
}
