import { query, type selection } from "@wayward/api";
import { countSessions } from "./count/count.ts";
import { Pace } from "./count/pace.ts";
import { Tally } from "./count/tally.ts";
import { coverageOf } from "./coverage.ts";
import { BlockFilter } from "./filter/block-filter.ts";
import { GapList, sessionGaps } from "./gaps.ts";
import { Losses } from "./losses.ts";
import { readInArrival } from "./read/in-arrival.ts";
import { readInTime } from "./read/in-time.ts";
import { kindEntry } from "./read/rows.ts";
import { namesSession, sessionTest } from "./selector.ts";
import { SessionBlocks } from "./snapshot/blocks.ts";
import { Catalogue, type CatalogueOptions, type Snapshot } from "./snapshot/catalogue.ts";
import type { Newest, SessionView } from "./snapshot/session.ts";

const { Order } = query;

const TOP_DEFAULT = 100;
const KINDS_MAX = 10_000;

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

  /** The newest sessions that a selector chooses and that pass, of all partitions, newest first. Ids are in order of time. */
  async newest(selector: selection.Selector | undefined, newest: Newest): Promise<SessionView[]> {
    const { sessions } = await this.catalogue.snapshot(sessionTest(selector), newest);
    return sessions.toSorted((a, b) => (a.text > b.text ? -1 : 1)).slice(0, newest.count);
  }

  /** One session, deleted or expired ones too. */
  session(id: Uint8Array): Promise<SessionView | undefined> {
    return this.catalogue.session(id);
  }

  /** Records in order, then their coverage. Throws BAD_FILTER, BAD_TOKEN, BAD_CURSOR, PAGE_EXPIRED. */
  async *read(request: query.ReadRequest, signal: AbortSignal): AsyncGenerator<query.ReadResponse> {
    // A wrong filter is told before anything is read.
    new BlockFilter(request.filter);
    // To whoever goes on with an answer a session that was deleted meanwhile is a hole.
    const goesOn = request.pageToken.length > 0;
    const snapshot = await (goesOn ? this.snapshot(request.selector) : this.undeleted(request.selector));
    const inArrival = request.order === Order.ORDER_ARRIVAL;
    yield* (inArrival ? readInArrival : readInTime)(request, this.catalogue, snapshot, signal);
  }

  /** Counts and sums by group. Throws BAD_FILTER, BAD_COUNT, and the signal's reason once that has aborted. */
  async count(request: query.CountRequest, signal: AbortSignal): Promise<query.CountResponse> {
    const filter = new BlockFilter(request.filter);
    const snapshot = await this.undeleted(request.selector);
    const gaps = new GapList();
    for (const view of snapshot.sessions) sessionGaps(view, gaps);
    const question = { ...request, top: request.top === 0 ? TOP_DEFAULT : request.top };
    const tally = new Tally();
    const pace = new Pace(signal);
    const losses = new Losses();
    const sessions = this.#each(snapshot, pace, losses);
    const fromSummaries = await countSessions({ sessions, filter, question, gaps, pace }, tally);
    await losses.tell(this.catalogue, gaps);
    const records = snapshot.sessions.reduce((sum, session) => sum + session.records, 0n);
    const { groups, other } = tally.finish(question.sortBy, question.top);
    return { groups, other, fromSummaries, coverage: coverageOf(snapshot, gaps, records) };
  }

  /** The kinds that the sessions declared, by name, with how many records they have. Throws the signal's reason once that has aborted. */
  async kinds(selector: selection.Selector | undefined, signal: AbortSignal): Promise<query.ListKindsResponse> {
    const snapshot = await this.undeleted(selector);
    const gaps = new GapList();
    const kinds = new Map<string, selection.KindEntry>();
    const pace = new Pace(signal);
    const losses = new Losses();
    const sessions = this.#each(snapshot, pace, losses, (session) => {
      for (const [id, kind] of session.wholeDictionary().kinds()) kinds.set(kind.name, kindEntry(id, kind));
    });
    const question = { groupBy: ["kind"], measure: "", sortBy: "", top: KINDS_MAX, scan: false };
    const tally = new Tally();
    await countSessions({ sessions, filter: new BlockFilter(undefined), question, gaps, pace }, tally);
    await losses.tell(this.catalogue, gaps);
    const counts = new Map(tally.finish("count", KINDS_MAX).groups.map(({ keys, count }) => [keys[0], count]));
    const listed = [...kinds.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const records = snapshot.sessions.reduce((sum, session) => sum + session.records, 0n);
    return {
      kinds: listed.map((kind) => ({ kind, count: counts.get(kind.name) ?? 0n })),
      coverage: coverageOf(snapshot, gaps, records),
    };
  }

  /** Without sessions that were deleted, but with those that are asked for by their id. */
  async undeleted(selector: selection.Selector | undefined): Promise<Snapshot> {
    const snapshot = await this.snapshot(selector);
    const sessions = snapshot.sessions.filter(({ deleted, id }) => !deleted || namesSession(selector, id));
    return { ...snapshot, sessions };
  }

  async *#each(
    { sessions }: Snapshot,
    pace: Pace,
    losses: Losses,
    see?: (session: SessionBlocks) => void,
  ): AsyncGenerator<SessionBlocks> {
    for (const view of sessions) {
      await pace.step();
      const session = await SessionBlocks.open(view, this.catalogue.source, losses);
      see?.(session);
      yield session;
    }
  }
}
