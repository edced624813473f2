import { WaywardError } from "@wayward/base";
import { RangeSet } from "@wayward/chunk";
import { type Cursor, encodeCursor, type SessionRanges, type SessionView, type Snapshot } from "@wayward/reader";
import type { LogView } from "./log-view.ts";
import type { ObservedSession } from "./observed.ts";

/** A session of which the cursor need not speak. */
export interface CoveredSession {
  readonly observed: ObservedSession;
  /** It has ended, or is gone. */
  readonly isOver: boolean;
}

/** How far an observation has come, as a cursor that moves. */
export class Place {
  readonly #question: Uint8Array;
  readonly #from: Cursor | undefined;
  /** Everything up to them was sent. */
  #logNumbers: bigint[];
  /** Partitions whose log numbers stay: the observer had to do without a block behind them. */
  readonly #behind = new Set<number>();

  /** Behind a cursor, or before everything. Throws BAD_CURSOR where the log is shorter than the cursor says. */
  constructor(question: Uint8Array, { partitions }: Snapshot, from: Cursor | undefined) {
    this.#question = question;
    this.#from = from;
    this.#logNumbers = partitions.map(({ logNumber }, partition) => {
      const had = from?.logNumbers[partition] ?? -1n;
      if (had > logNumber)
        throw new WaywardError("INVALID_ARGUMENT", "BAD_CURSOR", "cursor: it is from another archive");
      return had;
    });
  }

  /** What the cursor says was sent of a session beyond its log number. */
  beyond({ text }: Pick<SessionView, "text">): RangeSet {
    return RangeSet.from(this.#from?.sent.get(text)?.ranges.toArray() ?? []);
  }

  /** All that the cursor said was sent of a session, or that the log has of it up to where the cursor is now. */
  sent(view: Pick<SessionView, "text" | "partition" | "places">): RangeSet {
    const sent = this.beyond(view);
    const upTo = this.#logNumbers[view.partition] ?? -1n;
    for (const { n, ranges } of view.places) if (n <= upTo) for (const { first, last } of ranges) sent.add(first, last);
    return sent;
  }

  /** How many chosen records the cursor says were sent of a block that was under way. */
  taken(session: Uint8Array, seq: bigint): number {
    const found = this.#from?.underWay?.find(({ id, seq: at }) => at === seq && Buffer.compare(id, session) === 0);
    return found?.taken ?? 0;
  }

  /** The snapshot was sent whole: its log numbers are the cursor's now, and what its tail had goes beyond. */
  reach({ partitions, sessions }: Snapshot, observed: ReadonlyMap<string, ObservedSession>): void {
    this.#logNumbers = partitions.map(({ logNumber }) => logNumber);
    for (const { text, tail } of sessions) {
      const beyond = new RangeSet();
      for (const seq of tail.keys()) beyond.add(seq);
      const known = observed.get(text);
      if (known !== undefined) known.beyond = beyond;
    }
  }

  /** The observer lacks a block of this partition, so its cursor must not pass it. */
  stay(partition: number): void {
    this.#behind.add(partition);
  }

  /**
   * Moves up to the log's present end where all of it was sent: where the
   * feed is done with every bus sequence that the log has blocks of, and
   * nothing waits for its turn. Gives the sessions of which the log has all
   * that was sent.
   */
  async advance(
    log: LogView,
    done: (partition: number) => bigint,
    sessions: ReadonlyMap<string, ObservedSession>,
    incarnation: (partition: number) => string,
  ): Promise<CoveredSession[]> {
    const covered: CoveredSession[] = [];
    const byPartition = Map.groupBy(sessions.values(), ({ view }) => view.partition);
    for (const partition of this.#logNumbers.keys()) {
      if (this.#behind.has(partition)) continue;
      const state = await log.state(partition);
      // The view of the log may be older than the snapshot that was sent.
      if (state.n < this.#logNumbers[partition]!) continue;
      const own = byPartition.get(partition) ?? [];
      const through = state.incarnation === incarnation(partition) ? state.through : 0n;
      if (through === undefined || through > done(partition) || own.some(({ order }) => order.holds)) continue;
      this.#logNumbers[partition] = state.n;
      for (const observed of own) {
        const archived = state.sessions.get(observed.view.text);
        if (archived === undefined) continue;
        observed.gone = archived.deleted;
        observed.beyond = observed.beyond.minus(archived.committed);
        if (observed.beyond.size === 0n)
          covered.push({ observed, isOver: observed.gone || archived.expired || archived.end !== undefined });
      }
    }
    return covered;
  }

  /** Resumes behind everything sent so far. */
  cursor(sessions: ReadonlyMap<string, ObservedSession>): Buffer {
    const sent = new Map<string, SessionRanges>();
    for (const [text, { view, beyond }] of sessions) {
      if (beyond.size > 0n) sent.set(text, { id: view.id, ranges: beyond });
    }
    return encodeCursor(this.#question, { logNumbers: this.#logNumbers, sent });
  }
}
