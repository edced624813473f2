import { type query, selection } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { coverageOf } from "../coverage.ts";
import { BlockFilter } from "../filter/block-filter.ts";
import { GapList, sessionGaps } from "../gaps.ts";
import { Losses } from "../losses.ts";
import { pinned, pinOf } from "../place/pin.ts";
import { decodeToken, encodeToken, questionHash } from "../place/token.ts";
import { SessionBlocks } from "../snapshot/blocks.ts";
import type { Catalogue, Snapshot } from "../snapshot/catalogue.ts";
import { BlockItems } from "./block-items.ts";
import { type MergeOptions, mergeSessions } from "./merge.ts";
import { pickAll, pickSome } from "./pick.ts";
import { RowWriter } from "./rows.ts";
import { type Position, positionAt } from "./run.ts";

/** Rows in one message: large enough to be cheap, small enough to be soon. */
export const ROWS_A_MESSAGE = 500;
/** Bytes of blocks in one message, unless one block has more. */
export const BLOCK_BYTES_A_MESSAGE = 256 * 1024;

/** What an answer in order of time came to. */
interface Sum {
  records: bigint;
  /** The last record, where the limit ended the answer. */
  last: Position | undefined;
}

/** Records in order of time, then their coverage. Throws BAD_TOKEN, PAGE_EXPIRED. */
export async function* readInTime(
  request: query.ReadRequest,
  catalogue: Catalogue,
  snapshotNow: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<query.ReadResponse> {
  const { pageToken, reverse } = request;
  const question = questionOf(request);
  const partitions = snapshotNow.partitions.length;
  const token = pageToken.length === 0 ? undefined : unwrap(decodeToken(question, pageToken, partitions));
  const snapshot = token === undefined ? snapshotNow : pinned(snapshotNow, token, reverse);
  const gaps = new GapList();
  for (const view of snapshot.sessions) sessionGaps(view, gaps);
  const losses = new Losses();
  const filter = new BlockFilter(request.filter);
  const sessions = await SessionBlocks.openAll(snapshot.sessions, catalogue.source, losses, filter);
  const options = { filter, reverse, after: token?.last, gaps, signal };
  const limit = request.limit === 0n ? Number.MAX_SAFE_INTEGER : Number(request.limit);
  const sum: Sum = { records: 0n, last: undefined };
  if (request.form === selection.Form.FORM_BLOCKS) yield* blocks(sessions, options, limit, sum);
  else yield* rows(sessions, options, limit, sum);
  await losses.tell(catalogue, gaps);
  const end: query.ReadEnd = {
    coverage: coverageOf(snapshot, gaps, sum.records),
    pageToken:
      sum.last === undefined
        ? Buffer.alloc(0)
        : encodeToken(question, { last: sum.last, pin: token?.pin ?? pinOf(snapshot) }),
  };
  yield response({ $case: "end", value: end });
}

async function* rows(
  sessions: readonly SessionBlocks[],
  options: MergeOptions,
  limit: number,
  sum: Sum,
): AsyncGenerator<query.ReadResponse> {
  const writer = new RowWriter();
  let left = limit;
  for await (const { run, from, until } of mergeSessions(sessions, options)) {
    for (let place = from; place < until && left > 0; place++) {
      writer.add(run, run.order[place]!);
      left--;
      sum.records++;
      if (left === 0) sum.last = positionAt(run, place);
      if (writer.rows === ROWS_A_MESSAGE) yield response({ $case: "rows", value: writer.take() });
    }
    if (left === 0) break;
  }
  if (writer.rows > 0) yield response({ $case: "rows", value: writer.take() });
}

async function* blocks(
  sessions: readonly SessionBlocks[],
  options: MergeOptions,
  limit: number,
  sum: Sum,
): AsyncGenerator<query.ReadResponse> {
  const items = new BlockItems();
  const endless = limit === Number.MAX_SAFE_INTEGER;
  const picks = endless ? pickAll(sessions, options) : pickSome(sessions, options, limit, sum);
  for await (const { session, block, picked } of picks) {
    items.add(session, block, picked);
    sum.records += BigInt(picked?.length ?? block.header.recordCount);
    if (items.bytes >= BLOCK_BYTES_A_MESSAGE) yield response({ $case: "blocks", value: items.take() });
  }
  if (items.bytes > 0) yield response({ $case: "blocks", value: items.take() });
}

/** A message without a cursor. */
export function response(part: query.ReadResponse["part"]): query.ReadResponse {
  return { part, cursor: Buffer.alloc(0) };
}

function questionOf({ selector, filter, reverse, order }: query.ReadRequest): Buffer {
  return questionHash(
    selector === undefined ? Buffer.alloc(0) : selection.Selector.encode(selector).finish(),
    filter === undefined ? Buffer.alloc(0) : selection.Filter.encode(filter).finish(),
    Buffer.of(reverse ? 1 : 0, order),
  );
}
