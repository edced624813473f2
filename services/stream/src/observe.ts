import { selection, stream } from "@wayward/api";
import { unwrap } from "@wayward/base";
import type { Envelope } from "@wayward/block";
import type { Bus } from "@wayward/bus";
import { RangeSet } from "@wayward/chunk";
import {
  BlockFilter,
  type Catalogue,
  cursorQuestion,
  decodeCursor,
  expiredGap,
  Losses,
  offsetOf,
  SessionBlocks,
  type SessionTest,
  type SessionView,
  type Snapshot,
  sessionTest,
} from "@wayward/reader";
import type { Relayed } from "./core/relay-types.ts";
import type { Delivery } from "./core/session-order.ts";
import type { Feed, Missed } from "./feed.ts";
import { Follower } from "./follower.ts";
import type { LogView } from "./log-view.ts";
import type { Followed, ObservedSession } from "./observed.ts";
import { Output, type Part } from "./output.ts";
import { Place } from "./place.ts";
import type { Relay } from "./relay.ts";

type Response = stream.ObserveResponse;

const CURSOR_EVERY_MS = 1_000;
const HEARTBEAT_EVERY_MS = 5_000;
/** How often the log is looked at, so that cursors stay short. */
const ADVANCE_EVERY_MS = 10_000;
/** Bytes of one session's blocks that wait for a missing one: with more the missing one is told at once. */
const HELD_BYTES_MAX = 1024 * 1024;

export interface ObserveSource {
  readonly bus: Bus;
  readonly relay: Relay;
  readonly catalogue: Catalogue;
  readonly log: LogView;
  readonly partitions: number;
  readonly tenant: string;
}

/** A session that has not ended and is this quiet is forgotten, like one that has: its writer may have vanished without a word. */
const QUIET_MS = 10 * 60_000;

/** What an observation may do beside what its request says. */
export interface ObservationOptions {
  /** May choose by more than a selector says. */
  readonly chosen?: SessionTest;
  /** True for sessions that were there before, of which nothing is wanted that has come already. */
  readonly passesOver?: (view: SessionView) => boolean;
  /** False: nobody goes on behind its cursors, so they need not stay behind what was missed. */
  readonly resumes?: boolean;
}

/** History, then live, for one caller: blocks that the bus has acknowledged, each once. */
export class Observation {
  readonly #source: ObserveSource;
  readonly #request: stream.ObserveRequest;
  readonly #chosen: SessionTest;
  readonly #question: Buffer;
  readonly #output: Output;
  readonly #follower: Follower;
  readonly #passesOver: (view: SessionView) => boolean;
  readonly #resumes: boolean;
  /**
   * Sessions that may speak. At most those that have blocks which the log has
   * not, and those that have spoken in the last ten minutes and not ended; an
   * observer that had to miss blocks keeps all since, as its cursor names them.
   */
  readonly #sessions: Map<string, ObservedSession>;
  /** Those that hold blocks back: nothing else is looked at each tick. */
  readonly #holding = new Set<ObservedSession>();
  /** Partitions whose bus was made anew: what the log got of the old one may not have been seen. */
  #restarted = false;
  #cursorMs = 0;
  #saidMs = 0;
  #advancedMs = 0;

  /** Throws BAD_FILTER. */
  constructor(source: ObserveSource, request: stream.ObserveRequest, options: ObservationOptions = {}) {
    const { chosen = sessionTest(request.selector), passesOver, resumes = true } = options;
    this.#source = source;
    this.#request = request;
    this.#chosen = chosen;
    const isNow = request.start === stream.Start.START_NOW_UNSPECIFIED;
    this.#passesOver = passesOver ?? (() => isNow);
    this.#resumes = resumes;
    this.#question = cursorQuestion(request);
    this.#output = new Output(new BlockFilter(request.filter), request.form);
    this.#follower = new Follower(source, this.#chosen, request.form);
    this.#sessions = this.#follower.sessions;
  }

  /** How many sessions it keeps in mind. */
  get followed(): number {
    return this.#sessions.size;
  }

  /** Throws BAD_CURSOR; BUS_UNAVAILABLE when the bus cannot be heard. */
  async *run(signal: AbortSignal): AsyncGenerator<Response> {
    const { partitions, catalogue, relay } = this.#source;
    const { cursor: given, start } = this.#request;
    const from =
      start === stream.Start.START_CURSOR ? unwrap(decodeCursor(this.#question, given, partitions)) : undefined;
    // The feed first: what comes while the snapshot is taken is in both, and identity makes it one.
    const feed = await relay.attach((block) => this.#follower.wants(block));
    const close = () => feed.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      if (signal.aborted) return;
      let snapshot = await catalogue.snapshot(this.#chosen);
      const place = new Place(this.#question, snapshot, from);
      this.#begin(snapshot, place, this.#passesOver);
      yield this.#stamped(place, { $case: "heartbeat", value: {} });
      for (;;) {
        if (start !== stream.Start.START_NOW_UNSPECIFIED) yield* this.#history(snapshot, place);
        place.reach(snapshot, this.#sessions);
        for (const { text, end, tail } of snapshot.sessions) {
          if (end !== undefined && tail.size === 0) this.#follower.forget(text);
        }
        if (!feed.overflowed) break;
        // More came meanwhile than a feed holds; the next round is shorter.
        feed.restart();
        snapshot = await catalogue.snapshot(this.#chosen);
        // What has begun since is wanted, unless only what is new is.
        this.#begin(snapshot, place, (view) => start === stream.Start.START_NOW_UNSPECIFIED && this.#passesOver(view));
      }
      feed.goLive();
      yield this.#stamped(place, { $case: "live", value: {} });
      yield* this.#live(feed, place);
    } finally {
      signal.removeEventListener("abort", close);
      feed.close();
    }
  }

  /** What the observer has already, by cursor or because it wants only what is new. */
  #begin({ sessions }: Snapshot, place: Place, passesOver: (view: SessionView) => boolean): void {
    for (const view of sessions) {
      const isPassed = passesOver(view);
      const known = this.#sessions.get(view.text);
      if (known !== undefined && isPassed) {
        for (const { first, last } of hadBy(view)) known.order.skip(first, last, 0);
      }
      // One that has expired has nothing to show; should it speak again, it is followed.
      if (known !== undefined || view.expired) continue;
      const sent = isPassed ? RangeSet.from(hadBy(view)) : place.sent(view);
      if (isOver(view) && isCovered(view, sent)) continue;
      const observed = this.#follower.add(view, sent);
      observed.beyond = place.beyond(view);
      observed.gone = view.deleted;
    }
  }

  /** Everything of the snapshot that was not sent, sessions interleaved by the first times of their blocks. */
  async *#history({ sessions }: Snapshot, place: Place): AsyncGenerator<Response> {
    const lacking = sessions.filter((view) => {
      const observed = this.#sessions.get(view.text);
      return observed !== undefined && view.present.minus(observed.order.sent).size > 0n;
    });
    for (const view of lacking) yield* this.#tellExpired(view, place);
    const losses = new Losses();
    const opened = await SessionBlocks.openAll(lacking, this.#source.catalogue.source, losses);
    const waiting = opened.flatMap((session) => {
      const { view, refs } = session;
      const observed = this.#sessions.get(view.text)!;
      const offset = offsetOf(view.description);
      let latest = 0n;
      return refs
        .filter(({ seq }) => !observed.order.sent.has(seq))
        .map((ref) => {
          // A session's blocks keep their order whatever their times are.
          const time = ref.firstTime + offset;
          if (time > latest) latest = time;
          return { observed, session, ref, time: latest };
        });
    });
    waiting.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    for (const { observed, session, ref } of waiting) {
      const block = await session.load(ref);
      if (block === undefined) continue;
      // Before the next block, or those would pass for blocks that may come.
      yield* this.#tellLost(losses, place);
      yield* this.#offer(observed, block.envelope, place, true);
    }
    yield* this.#tellLost(losses, place);
  }

  /** What the store has lost is told and passed: no cursor brings it. */
  async *#tellLost(losses: Losses, place: Place): AsyncGenerator<Response> {
    for (const { session, first, last, gap } of await losses.take(this.#source.catalogue)) {
      const observed = this.#sessions.get(session);
      if (observed === undefined) continue;
      const { skipped, deliveries } = observed.order.skip(first, last, Date.now());
      if (skipped.size > 0n) yield this.#say({ $case: "gap", value: gap });
      yield* this.#deliver(observed, deliveries, place);
    }
  }

  /** What the archive has let go of a session that speaks again is told, and not waited for. */
  async *#tellExpired({ text, letGo }: SessionView, place: Place): AsyncGenerator<Response> {
    const observed = this.#sessions.get(text)!;
    for (const { first, last } of letGo) {
      const { skipped, deliveries } = observed.order.skip(first, last, Date.now());
      const session = Buffer.from(observed.view.id);
      for (const range of skipped.toArray()) {
        const gap = selection.Gap.fromPartial({ session, ...expiredGap(range.first, range.last) });
        yield this.#say({ $case: "gap", value: gap });
      }
      yield* this.#deliver(observed, deliveries, place);
    }
  }

  async *#live(feed: Feed, place: Place): AsyncGenerator<Response> {
    for (let event = await feed.next(); event !== undefined; event = await feed.next()) {
      switch (event.type) {
        case "block": {
          const observed = await this.#follow(event.block, place);
          if (observed !== undefined) yield* this.#offer(observed, event.block.envelope, place, false);
          break;
        }
        case "missed":
          yield* this.#tellMissed(event.missed, place);
          break;
        case "lost":
          yield* this.#catchUp(place);
          break;
        case "restarted":
          this.#restarted = true;
          break;
        case "tick":
          yield* this.#tick(feed, place, Date.now());
      }
    }
  }

  async #follow({ session, envelope: { header } }: Relayed, place: Place): Promise<ObservedSession | undefined> {
    const asked = { text: session, id: header.session, description: header.description };
    const observed = this.#sessions.get(session) ?? (await this.#follower.follow(asked, place));
    return observed?.gone ? undefined : observed;
  }

  /** What the observer was too slow for is told, and not sent here any more: it stays behind the cursor. */
  async *#tellMissed(missed: ReadonlyMap<string, Missed>, place: Place): AsyncGenerator<Response> {
    for (const [text, { id, description, ranges }] of missed) {
      const observed = this.#sessions.get(text) ?? (await this.#follower.follow({ text, id, description }, place));
      if (observed === undefined || observed.gone) continue;
      if (this.#resumes) place.stay(observed.view.partition);
      for (const { first, last } of ranges.toArray()) {
        const { skipped, deliveries } = observed.order.skip(first, last, Date.now());
        for (const range of skipped.toArray()) {
          yield this.#say({ $case: "gap", value: slowGap(observed.view, range.first, range.last) });
        }
        yield* this.#deliver(observed, deliveries, place);
      }
    }
  }

  /** Sends what archive and bus have and the relay could not see. */
  async *#catchUp(place: Place): AsyncGenerator<Response> {
    const snapshot = await this.#source.catalogue.snapshot(this.#chosen);
    for (const view of snapshot.sessions) {
      if (this.#sessions.has(view.text) || view.expired) continue;
      const sent = place.sent(view);
      if (!isCovered(view, sent)) this.#follower.add(view, sent);
    }
    yield* this.#history(snapshot, place);
  }

  async *#offer(
    observed: ObservedSession,
    envelope: Envelope,
    place: Place,
    history: boolean,
  ): AsyncGenerator<Response> {
    const { seq } = envelope.header;
    const { order, held } = observed;
    const now = Date.now();
    observed.heardMs = now;
    held.set(seq, envelope);
    yield* this.#deliver(observed, order.offer(seq, now), place);
    // In history what is missing is known to be missing: nothing is waited for.
    while (order.holds && (history || bytesOf(held) > HELD_BYTES_MAX)) {
      yield* this.#deliver(observed, order.giveUp(now), place);
    }
    if (!order.isHeld(seq)) held.delete(seq);
    if (order.holds) this.#holding.add(observed);
    yield* this.#stampIfDue(place, now);
  }

  async *#tick(feed: Feed, place: Place, now: number): AsyncGenerator<Response> {
    for (const observed of this.#holding) {
      yield* this.#deliver(observed, observed.order.tick(now), place);
      if (!observed.order.holds) this.#holding.delete(observed);
    }
    if (now - this.#advancedMs > ADVANCE_EVERY_MS) {
      this.#advancedMs = now;
      if (this.#restarted) yield* this.#catchUp(place);
      this.#restarted = false;
      const { log, bus } = this.#source;
      const done = (partition: number) => feed.done(partition);
      const covered = await place.advance(log, done, this.#sessions, (partition) => bus.incarnation(partition));
      for (const { observed, isOver } of covered) {
        if (isOver || now - observed.heardMs > QUIET_MS) this.#follower.forget(observed.view.text);
      }
    }
    if (now - this.#saidMs > HEARTBEAT_EVERY_MS) yield this.#stamped(place, { $case: "heartbeat", value: {} });
    else yield* this.#stampIfDue(place, now);
  }

  async *#deliver(observed: ObservedSession, deliveries: readonly Delivery[], place: Place): AsyncGenerator<Response> {
    for (const delivery of deliveries) {
      if (delivery.type === "gap") {
        yield this.#say({ $case: "gap", value: pendingGap(observed.view, delivery.first, delivery.last) });
        continue;
      }
      const { seq } = delivery;
      const envelope = observed.held.get(seq);
      observed.held.delete(seq);
      if (envelope === undefined) continue;
      const { block, dictionary } = await observed.open(envelope, this.#source.catalogue);
      const taken = place.taken(observed.view.id, seq);
      const shown = { observed, block, dictionary, fill: delivery.type === "fill", taken };
      for (const part of this.#output.show(shown)) yield this.#say(part);
      observed.beyond.add(seq);
      if (envelope.header.end !== undefined) observed.rest();
    }
  }

  *#stampIfDue(place: Place, now: number): Iterable<Response> {
    if (now - this.#cursorMs > CURSOR_EVERY_MS && this.#saidMs > this.#cursorMs) {
      yield this.#stamped(place, { $case: "heartbeat", value: {} });
    }
  }

  #say(part: Part): Response {
    this.#saidMs = Date.now();
    return { part, cursor: Buffer.alloc(0) };
  }

  /** A message with the cursor: all before it is covered. */
  #stamped(place: Place, part: Part): Response {
    this.#cursorMs = Date.now();
    this.#saidMs = this.#cursorMs;
    return { part, cursor: place.cursor(this.#sessions) };
  }
}

function isOver({ end, deleted }: SessionView): boolean {
  return end !== undefined || deleted;
}

/** Seqs that are there, or were. */
function hadBy({ present, letGo }: SessionView) {
  return [...present.toArray(), ...letGo];
}

/** True if all of it was sent, and is in the log: who hears of it again asks the log. */
function isCovered({ present, tail }: SessionView, sent: RangeSet): boolean {
  return tail.size === 0 && present.minus(sent).size === 0n;
}

function bytesOf(held: ReadonlyMap<bigint, Envelope>): number {
  let sum = 0;
  for (const { bytes } of held.values()) sum += bytes.length;
  return sum;
}

function pendingGap(view: Followed, firstSeq: bigint, lastSeq: bigint): selection.Gap {
  const message = `blocks ${firstSeq} to ${lastSeq} are not here yet`;
  return gapOf(view, selection.GapCause.GAP_CAUSE_PENDING, firstSeq, lastSeq, message);
}

function slowGap(view: Followed, firstSeq: bigint, lastSeq: bigint): selection.Gap {
  const message = `blocks ${firstSeq} to ${lastSeq} came faster than they were read; the cursor brings them`;
  return gapOf(view, selection.GapCause.GAP_CAUSE_SLOW_READER, firstSeq, lastSeq, message);
}

function gapOf({ id }: Followed, cause: selection.GapCause, firstSeq: bigint, lastSeq: bigint, message: string) {
  return selection.Gap.fromPartial({ session: Buffer.from(id), cause, firstSeq, lastSeq, message });
}
