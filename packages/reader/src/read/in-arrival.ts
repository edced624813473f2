import { type query, selection } from "@wayward/api";
import { unwrap, WaywardError } from "@wayward/base";
import { coverageOf } from "../coverage.ts";
import { BlockFilter } from "../filter/block-filter.ts";
import { GapList, sessionGaps } from "../gaps.ts";
import { Losses } from "../losses.ts";
import { decodeCursor, encodeCursor } from "../place/cursor.ts";
import { Reached } from "../place/reached.ts";
import { questionHash } from "../place/token.ts";
import type { Catalogue, Snapshot } from "../snapshot/catalogue.ts";
import { offsetOf } from "../snapshot/session.ts";
import { type Arrival, arrivals } from "./arrival.ts";
import { BlockItems } from "./block-items.ts";
import { BLOCK_BYTES_A_MESSAGE, ROWS_A_MESSAGE, response } from "./in-time.ts";
import { RowWriter } from "./rows.ts";
import { openRun, type Run, tellUnknown } from "./run.ts";

const CURSOR_EVERY_MS = 1_000;

/**
 * Records as their blocks arrived, those of a block by time, then their
 * coverage. Every second and at the end there is a cursor, which goes on
 * behind what was sent whatever has come since. Throws BAD_CURSOR, BAD_ORDER.
 */
export async function* readInArrival(
  request: query.ReadRequest,
  catalogue: Catalogue,
  snapshot: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<query.ReadResponse> {
  if (request.reverse) {
    throw new WaywardError(
      "INVALID_ARGUMENT",
      "BAD_ORDER",
      "order of arrival cannot be reversed: new records keep coming",
    );
  }
  const { partitions, sessions } = snapshot;
  const question = cursorQuestion(request);
  const given = request.pageToken.length === 0 ? undefined : request.pageToken;
  const from = given === undefined ? undefined : unwrap(decodeCursor(question, given, partitions.length));
  if (partitions.some(({ logNumber }, partition) => (from?.logNumbers[partition] ?? -1n) > logNumber)) {
    throw new WaywardError("INVALID_ARGUMENT", "BAD_CURSOR", "cursor: it is from another archive");
  }
  const reached = new Reached(partitions.length, from);
  const gaps = new GapList();
  for (const view of sessions) sessionGaps(view, gaps);
  const losses = new Losses();
  const cursor = () => encodeCursor(question, reached.cursor(sessions));
  const out = request.form === selection.Form.FORM_BLOCKS ? new BlockOut() : new RowOut();
  const filter = new BlockFilter(request.filter);
  let left = request.limit === 0n ? Number.MAX_SAFE_INTEGER : Number(request.limit);
  const most = left;
  let saidMs = Date.now();
  for await (const arrival of arrivals(snapshot, catalogue.source, reached, losses)) {
    signal.throwIfAborted();
    const { session, ref } = arrival;
    const offset = offsetOf(session.view.description);
    const mayHold = ref.records > 0 && filter.overlaps(ref.firstTime + offset, ref.lastTime + offset);
    const run = mayHold ? await openRun(session, ref, filter, gaps, false) : undefined;
    const start = reached.taken(session.view, ref.seq);
    const chosen = run?.order.length ?? 0;
    const end = Math.min(chosen, start + left);
    if (run !== undefined) {
      yield* out.add(arrival, run, start, end);
      tellUnknown(run, gaps);
      left -= Math.max(0, end - start);
    }
    if (end < chosen) reached.take(session.view, ref.seq, end);
    else reached.finish(session.view, ref.seq);
    if (left === 0) break;
    if (Date.now() - saidMs < CURSOR_EVERY_MS) continue;
    saidMs = Date.now();
    yield* out.flush();
    yield { part: undefined, cursor: cursor() };
  }
  yield* out.flush();
  await losses.tell(catalogue, gaps);
  const coverage = coverageOf(snapshot, gaps, BigInt(most - left));
  const last = cursor();
  const pageToken = left === 0 ? last : Buffer.alloc(0);
  yield { part: { $case: "end", value: { coverage, pageToken } }, cursor: last };
}

/** What a cursor belongs to: the same for Read and Observe. */
export function cursorQuestion({ selector, filter }: Pick<query.ReadRequest, "selector" | "filter">): Buffer {
  return questionHash(
    selector === undefined ? Buffer.alloc(0) : selection.Selector.encode(selector).finish(),
    filter === undefined ? Buffer.alloc(0) : selection.Filter.encode(filter).finish(),
  );
}

class RowOut {
  readonly #rows = new RowWriter();

  *add(_: Arrival, run: Run, start: number, end: number): Generator<query.ReadResponse> {
    for (let place = start; place < end; place++) {
      this.#rows.add(run, run.order[place]!);
      if (this.#rows.rows === ROWS_A_MESSAGE) yield* this.flush();
    }
  }

  *flush(): Generator<query.ReadResponse> {
    if (this.#rows.rows > 0) yield response({ $case: "rows", value: this.#rows.take() });
  }
}

class BlockOut {
  readonly #items = new BlockItems();

  *add({ session }: Arrival, { block, order }: Run, start: number, end: number): Generator<query.ReadResponse> {
    if (end <= start) return;
    const whole = end - start === block.columns.count;
    this.#items.add(session, block, whole ? undefined : order.subarray(start, end));
    if (this.#items.bytes >= BLOCK_BYTES_A_MESSAGE) yield* this.flush();
  }

  *flush(): Generator<query.ReadResponse> {
    if (this.#items.bytes > 0) yield response({ $case: "blocks", value: this.#items.take() });
  }
}
