import { selection, stream } from "@wayward/api";
import { unwrap, WaywardError } from "@wayward/base";
import { type Envelope, parseEnvelope } from "@wayward/block";
import type { Bus } from "@wayward/bus";
import { RangeSet } from "@wayward/chunk";
import {
  BlockFilter,
  type Catalogue,
  chooseRun,
  GapList,
  offsetOf,
  questionHash,
  RowWriter,
  SessionBlocks,
  type SessionTest,
  type SessionView,
  type Snapshot,
  sessionTest,
  tellDrops,
  tellUnknown,
} from "@wayward/reader";
import type { Delivery } from "./core/session-order.ts";
import { type Cursor, decodeCursor, encodeCursor } from "./cursor.ts";
import { LiveFeed } from "./live.ts";
import { ObservedSession } from "./observed.ts";

type Response = stream.ObserveResponse;

const CURSOR_EVERY_MS = 1_000;
const HEARTBEAT_EVERY_MS = 5_000;
/** How often the log is looked at, so that cursors stay short. */
const ADVANCE_EVERY_MS = 10_000;
const ROWS_A_MESSAGE = 500;

export interface ObserveSource {
  readonly bus: Bus;
  readonly catalogue: Catalogue;
  readonly partitions: number;
  readonly tenant: string;
}

/** History, then live, for one caller: blocks that the bus has acknowledged, each once. */
export class Observation {
  readonly #source: ObserveSource;
  readonly #filter: BlockFilter;
  readonly #chosen: SessionTest;
  readonly #question: Buffer;
  readonly #request: stream.ObserveRequest;
  readonly #rows = new RowWriter();
  readonly #gaps = new GapList();
  readonly #sessions = new Map<string, ObservedSession>();
  /** Sessions that were not chosen. */
  readonly #ignored = new Set<string>();
  /** Log numbers of the cursor; everything up to them was sent. */
  #logNumbers: bigint[] = [];
  /** Bus sequence of each partition up to which everything was looked at. */
  #busSeqs: bigint[] = [];
  #cursorMs = 0;
  #saidMs = 0;
  #advancedMs = 0;

  /** Throws BAD_FILTER. */
  constructor(source: ObserveSource, request: stream.ObserveRequest) {
    this.#source = source;
    this.#request = request;
    this.#filter = new BlockFilter(request.filter);
    this.#chosen = sessionTest(request.selector);
    this.#question = questionHash(
      request.selector === undefined ? Buffer.alloc(0) : selection.Selector.encode(request.selector).finish(),
      request.filter === undefined ? Buffer.alloc(0) : selection.Filter.encode(request.filter).finish(),
    );
  }

  /** Throws BAD_CURSOR; UNAVAILABLE when the bus goes. */
  async *run(signal: AbortSignal): AsyncGenerator<Response> {
    const { partitions, catalogue, bus } = this.#source;
    const { cursor: given, start } = this.#request;
    const from =
      start === stream.Start.START_CURSOR ? unwrap(decodeCursor(this.#question, given, partitions)) : undefined;
    const snapshot = await catalogue.snapshot(this.#chosen);
    this.#begin(snapshot, from);
    yield this.#stamped({ $case: "heartbeat", value: {} });
    if (start !== stream.Start.START_NOW_UNSPECIFIED) yield* this.#history(snapshot);
    this.#reach(snapshot);
    yield this.#stamped({ $case: "live", value: {} });
    const live = new LiveFeed(
      bus,
      this.#busSeqs.map((busSeq) => busSeq + 1n),
      signal,
    );
    try {
      yield* this.#live(live);
    } finally {
      live.close();
    }
  }

  /** What the observer has already, by cursor or because it wants only what is new. */
  #begin({ sessions, partitions }: Snapshot, cursor: Cursor | undefined): void {
    this.#busSeqs = partitions.map(({ busSeq }) => busSeq);
    this.#logNumbers = partitions.map(({ logNumber }, partition) => {
      const had = cursor?.logNumbers[partition] ?? -1n;
      if (had > logNumber)
        throw new WaywardError("INVALID_ARGUMENT", "BAD_CURSOR", "cursor: it is from another archive");
      return had;
    });
    for (const view of sessions) {
      const all = this.#request.start === stream.Start.START_NOW_UNSPECIFIED;
      const sent = all ? RangeSet.from(view.present.toArray()) : sentBefore(view, cursor);
      const observed = new ObservedSession(view, sent);
      for (const { first, last } of cursor?.sent.get(view.text)?.ranges.toArray() ?? [])
        observed.beyond.add(first, last);
      this.#sessions.set(view.text, observed);
    }
  }

  /** Everything of the snapshot that was not sent, sessions interleaved by the first times of their blocks. */
  async *#history({ sessions }: Snapshot): AsyncGenerator<Response> {
    const opened = await Promise.all(sessions.map((view) => SessionBlocks.open(view, this.#source.catalogue.source)));
    const waiting = opened.flatMap((session) => {
      const observed = this.#sessions.get(session.view.text)!;
      const offset = offsetOf(session.view.description);
      let latest = 0n;
      return session.refs
        .filter(({ seq }) => !observed.order.sent.has(seq))
        .map((ref) => {
          // A session's blocks keep their order whatever their times are.
          const time = ref.firstTime + offset;
          if (time > latest) latest = time;
          return { observed, ref, time: latest };
        });
    });
    waiting.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    for (const { observed, ref } of waiting) {
      const { envelope } = await ref.load();
      yield* this.#offer(observed, envelope, true);
    }
  }

  /** The snapshot was sent whole: its log numbers are the cursor's now, and what its tail had goes beyond. */
  #reach({ partitions, sessions }: Snapshot): void {
    this.#logNumbers = partitions.map(({ logNumber }) => logNumber);
    for (const view of sessions) {
      const observed = this.#sessions.get(view.text)!;
      const beyond = new RangeSet();
      for (const seq of view.tail.keys()) beyond.add(seq);
      replace(observed.beyond, beyond);
    }
  }

  async *#live(live: LiveFeed): AsyncGenerator<Response> {
    for (let event = await live.next(); event !== undefined; event = await live.next()) {
      if (event.type === "failed") throw event.error;
      if (event.type === "tick") {
        yield* this.#tick(Date.now());
        continue;
      }
      const { partition, message } = event;
      const expected = this.#busSeqs[partition]! + 1n;
      // The archiver was faster than this reader: what it has purged is in the archive.
      if (message.busSeq > expected) yield* this.#catchUp();
      this.#busSeqs[partition] = message.busSeq;
      if (message.address.tenant !== this.#source.tenant) continue;
      const parsed = parseEnvelope(message.body);
      if (parsed.error !== undefined) continue;
      const observed = await this.#follow(message.address.session, parsed.value);
      if (observed !== undefined) yield* this.#offer(observed, parsed.value, false);
    }
  }

  /** The session, if it is chosen; a new one is looked up once. */
  async #follow(text: string, { header }: Envelope): Promise<ObservedSession | undefined> {
    const known = this.#sessions.get(text);
    if (known !== undefined) return known.view.deleted || known.view.expired ? undefined : known;
    if (this.#ignored.has(text)) return undefined;
    const { sessions } = await this.#source.catalogue.snapshot(
      (id, description) => Buffer.compare(id, header.session) === 0 && this.#chosen(id, description),
    );
    const [view] = sessions;
    if (view === undefined || view.deleted || view.expired) {
      // Selectors look at what never changes, so it is asked once.
      this.#ignored.add(text);
      return undefined;
    }
    const observed = new ObservedSession(view, new RangeSet());
    this.#sessions.set(text, observed);
    return observed;
  }

  async *#catchUp(): AsyncGenerator<Response> {
    const snapshot = await this.#source.catalogue.snapshot(this.#chosen);
    for (const view of snapshot.sessions) {
      if (!this.#sessions.has(view.text)) this.#sessions.set(view.text, new ObservedSession(view, new RangeSet()));
    }
    yield* this.#history(snapshot);
  }

  async *#offer(observed: ObservedSession, envelope: Envelope, history: boolean): AsyncGenerator<Response> {
    const { seq } = envelope.header;
    observed.held.set(seq, envelope);
    const now = Date.now();
    const deliveries = observed.order.offer(seq, now);
    // In history what is missing is known to be missing: nothing is waited for.
    const all = history ? [...deliveries, ...observed.order.tick(Number.MAX_SAFE_INTEGER)] : deliveries;
    yield* this.#deliver(observed, all);
    if (!observed.order.held.includes(seq)) observed.held.delete(seq);
    yield* this.#stampIfDue(now);
  }

  async *#tick(now: number): AsyncGenerator<Response> {
    for (const observed of this.#sessions.values()) yield* this.#deliver(observed, observed.order.tick(now));
    if (now - this.#advancedMs > ADVANCE_EVERY_MS) await this.#advance(now);
    if (now - this.#saidMs > HEARTBEAT_EVERY_MS) yield this.#stamped({ $case: "heartbeat", value: {} });
    else yield* this.#stampIfDue(now);
  }

  async *#deliver(observed: ObservedSession, deliveries: readonly Delivery[]): AsyncGenerator<Response> {
    for (const delivery of deliveries) {
      if (delivery.type === "gap") {
        const { first, last } = delivery;
        yield this.#say({ $case: "gap", value: pendingGap(observed.view, first, last) });
        continue;
      }
      const envelope = observed.held.get(delivery.seq);
      observed.held.delete(delivery.seq);
      if (envelope === undefined) continue;
      observed.beyond.add(delivery.seq);
      yield* this.#send(observed, envelope, delivery.type === "fill");
    }
  }

  /** The chosen records of a block, and the holes that it tells of. */
  async *#send(observed: ObservedSession, envelope: Envelope, fill: boolean): AsyncGenerator<Response> {
    if (this.#request.form === 1) {
      const value = selection.BlockBatch.fromPartial({ blocks: [{ block: Buffer.from(envelope.bytes) }] });
      yield this.#say({ $case: "blocks", value });
      return;
    }
    const { block, dictionary } = await observed.open(envelope, this.#source.catalogue);
    const { view } = observed;
    tellDrops(view.id, block, dictionary, this.#gaps);
    const run = chooseRun(view, block, dictionary, this.#filter);
    const { seq } = envelope.header;
    for (const index of run?.order ?? []) {
      this.#rows.add(run!, index);
      if (!fill && this.#rows.rows >= ROWS_A_MESSAGE) yield this.#say({ $case: "rows", value: this.#rows.take() });
    }
    if (run !== undefined) tellUnknown(run, this.#gaps);
    if (this.#rows.rows > 0) {
      const rows = this.#rows.take();
      const value = { session: Buffer.from(view.id), seq, rows, blocks: undefined };
      yield this.#say(fill ? { $case: "fill", value } : { $case: "rows", value: rows });
    }
    for (const gap of this.#gaps.take()) yield this.#say({ $case: "gap", value: gap });
  }

  /** Moves the cursor's log numbers up where all that the log has by now was sent. */
  async #advance(now: number): Promise<void> {
    this.#advancedMs = now;
    const { partitions, sessions } = await this.#source.catalogue.snapshot(this.#chosen);
    const moved = partitions.map(({ committedBusSeq }, partition) => committedBusSeq <= this.#busSeqs[partition]!);
    for (const { partition, logNumber } of partitions) if (moved[partition]) this.#logNumbers[partition] = logNumber;
    for (const view of sessions) {
      const observed = this.#sessions.get(view.text);
      if (observed === undefined || !moved[view.partition]) continue;
      observed.view = view;
      const archived = RangeSet.from(view.places.flatMap(({ ranges }) => ranges));
      const beyond = new RangeSet();
      for (const { first, last } of observed.beyond.toArray()) {
        for (let seq = first; seq <= last; seq++) if (!archived.has(seq)) beyond.add(seq);
      }
      replace(observed.beyond, beyond);
    }
  }

  *#stampIfDue(now: number): Iterable<Response> {
    if (now - this.#cursorMs > CURSOR_EVERY_MS && this.#saidMs > this.#cursorMs) {
      yield this.#stamped({ $case: "heartbeat", value: {} });
    }
  }

  #say(part: NonNullable<Response["part"]>): Response {
    this.#saidMs = Date.now();
    return { part, cursor: Buffer.alloc(0) };
  }

  /** A message with the cursor: all before it is covered. */
  #stamped(part: NonNullable<Response["part"]>): Response {
    const sent = new Map<string, { id: Uint8Array; ranges: RangeSet }>();
    for (const [text, { view, beyond }] of this.#sessions) {
      if (beyond.size > 0n) sent.set(text, { id: view.id, ranges: beyond });
    }
    const cursor = encodeCursor(this.#question, { logNumbers: this.#logNumbers, sent });
    this.#cursorMs = Date.now();
    this.#saidMs = this.#cursorMs;
    return { part, cursor };
  }
}

/** What a cursor says was sent of a session: what the log had by its numbers, and what went beyond. */
function sentBefore(view: SessionView, cursor: Cursor | undefined): RangeSet {
  const sent = new RangeSet();
  if (cursor === undefined) return sent;
  const upTo = cursor.logNumbers[view.partition] ?? -1n;
  for (const { n, ranges } of view.places) if (n <= upTo) for (const { first, last } of ranges) sent.add(first, last);
  for (const { first, last } of cursor.sent.get(view.text)?.ranges.toArray() ?? []) sent.add(first, last);
  return sent;
}

function pendingGap({ id }: SessionView, firstSeq: bigint, lastSeq: bigint): selection.Gap {
  return selection.Gap.fromPartial({
    session: Buffer.from(id),
    cause: selection.GapCause.GAP_CAUSE_PENDING,
    firstSeq,
    lastSeq,
    message: `blocks ${firstSeq} to ${lastSeq} are not here yet`,
  });
}

function replace(set: RangeSet, by: RangeSet): void {
  set.clear();
  for (const { first, last } of by.toArray()) set.add(first, last);
}
