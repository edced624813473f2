import { type query, selection } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { countSessions } from "./count/count.ts";
import { coverageOf } from "./coverage.ts";
import { BlockFilter } from "./filter/block-filter.ts";
import { GapList, sessionGaps } from "./gaps.ts";
import { mergeSessions } from "./read/merge.ts";
import { kindEntry, RowWriter } from "./read/rows.ts";
import { type Position, positionAt } from "./read/run.ts";
import { decodeToken, encodeToken, questionHash } from "./read/token.ts";
import { type SessionTest, sessionTest } from "./selector.ts";
import { SessionBlocks } from "./snapshot/blocks.ts";
import { Catalogue, type CatalogueOptions, type Snapshot } from "./snapshot/catalogue.ts";
import type { SessionView } from "./snapshot/session.ts";

/** Rows in one message: large enough to be cheap, small enough to be soon. */
const ROWS_A_MESSAGE = 500;
const TOP_DEFAULT = 100;

/** Answers questions about one tenant's records: archive and not yet archived tail as one. */
export class Reader {
  readonly catalogue: Catalogue;

  constructor(options: CatalogueOptions) {
    this.catalogue = new Catalogue(options);
  }

  /** The sessions that a selector chooses, deleted and expired ones too. */
  snapshot(selector: selection.Selector | undefined): Promise<Snapshot> {
    return this.catalogue.snapshot(sessionTest(selector));
  }

  async session(id: Uint8Array): Promise<SessionView | undefined> {
    const isIt: SessionTest = (session) => Buffer.compare(session, id) === 0;
    return (await this.catalogue.snapshot(isIt)).sessions[0];
  }

  /** Records in order, then their coverage. Throws BAD_FILTER, BAD_TOKEN. */
  async *read(request: query.ReadRequest, signal: AbortSignal): AsyncGenerator<query.ReadResponse> {
    const filter = new BlockFilter(request.filter);
    const question = questionOf(request);
    const after = request.pageToken.length === 0 ? undefined : unwrap(decodeToken(question, request.pageToken));
    const snapshot = await this.snapshot(request.selector);
    const gaps = new GapList();
    for (const view of snapshot.sessions) sessionGaps(view, gaps);
    const sessions = await this.#open(snapshot);
    const rows = new RowWriter();
    let left = request.limit === 0n ? Number.MAX_SAFE_INTEGER : Number(request.limit);
    let records = 0n;
    let last: Position | undefined;
    const merged = mergeSessions(sessions, { filter, reverse: request.reverse, after, gaps, signal });
    for await (const { run, from, until } of merged) {
      for (let place = from; place < until && left > 0; place++) {
        rows.add(run, run.order[place]!);
        left--;
        records++;
        if (left === 0) last = positionAt(run, place);
        if (rows.rows === ROWS_A_MESSAGE) yield { part: { $case: "rows", value: rows.take() } };
      }
      if (left === 0) break;
    }
    if (rows.rows > 0) yield { part: { $case: "rows", value: rows.take() } };
    const pageToken = last === undefined ? Buffer.alloc(0) : encodeToken(question, last);
    yield { part: { $case: "end", value: { coverage: coverageOf(snapshot, gaps, records), pageToken } } };
  }

  /** Counts and sums by group. Throws BAD_FILTER, BAD_COUNT. */
  async count(request: query.CountRequest): Promise<query.CountResponse> {
    const filter = new BlockFilter(request.filter);
    const snapshot = await this.snapshot(request.selector);
    const gaps = new GapList();
    for (const view of snapshot.sessions) sessionGaps(view, gaps);
    const top = request.top === 0 ? TOP_DEFAULT : request.top;
    const sessions = this.#each(snapshot);
    const { tally, fromSummaries } = await countSessions(sessions, filter, { ...request, top }, gaps);
    const records = snapshot.sessions.reduce((sum, session) => sum + session.records, 0n);
    const { groups, other } = tally.finish(request.sortBy, top);
    return { groups, other, fromSummaries, coverage: coverageOf(snapshot, gaps, records) };
  }

  /** The kinds that the sessions declared, by name, with how many records they have. */
  async kinds(selector: selection.Selector | undefined): Promise<query.ListKindsResponse> {
    const snapshot = await this.snapshot(selector);
    const gaps = new GapList();
    const kinds = new Map<string, selection.KindEntry>();
    const sessions = this.#each(snapshot, (session) => {
      for (const [id, kind] of session.wholeDictionary().kinds()) kinds.set(kind.name, kindEntry(id, kind));
    });
    const question = { groupBy: ["kind"], measure: "", sortBy: "", top: Number.MAX_SAFE_INTEGER, scan: false };
    const { tally } = await countSessions(sessions, new BlockFilter(undefined), { ...question, top: 10_000 }, gaps);
    const counts = new Map(tally.finish("count", 10_000).groups.map(({ keys, count }) => [keys[0], count]));
    const listed = [...kinds.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const records = snapshot.sessions.reduce((sum, session) => sum + session.records, 0n);
    return {
      kinds: listed.map((kind) => ({ kind, count: counts.get(kind.name) ?? 0n })),
      coverage: coverageOf(snapshot, gaps, records),
    };
  }

  async #open({ sessions }: Snapshot): Promise<SessionBlocks[]> {
    return Promise.all(sessions.map((view) => SessionBlocks.open(view, this.catalogue.source)));
  }

  async *#each({ sessions }: Snapshot, see?: (session: SessionBlocks) => void): AsyncGenerator<SessionBlocks> {
    for (const view of sessions) {
      const session = await SessionBlocks.open(view, this.catalogue.source);
      see?.(session);
      yield session;
    }
  }
}

function questionOf({ selector, filter, reverse, order }: query.ReadRequest): Buffer {
  return questionHash(
    selector === undefined ? Buffer.alloc(0) : selection.Selector.encode(selector).finish(),
    filter === undefined ? Buffer.alloc(0) : selection.Filter.encode(filter).finish(),
    Buffer.of(reverse ? 1 : 0, order),
  );
}
