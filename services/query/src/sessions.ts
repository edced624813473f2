import { query } from "@wayward/api";
import { fromBase32, WaywardError } from "@wayward/base";
import {
  GapList,
  offsetOf,
  type Reader,
  type SessionStateName,
  type SessionView,
  sessionGaps,
  stateOf,
} from "@wayward/reader";

const { SessionState } = query;

const STATES: Readonly<Record<SessionStateName, query.SessionState>> = {
  open: SessionState.SESSION_STATE_OPEN,
  ended: SessionState.SESSION_STATE_ENDED,
  silent: SessionState.SESSION_STATE_SILENT,
  deleted: SessionState.SESSION_STATE_DELETED,
  expired: SessionState.SESSION_STATE_EXPIRED,
};
const PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;

/** A session as the protocol shows it. `bytesPending`: what chunks still hold of one that is deleted. */
export function sessionMessage(view: SessionView, nowMs: number, bytesPending = 0n): query.Session {
  const gaps = new GapList();
  sessionGaps(view, gaps);
  const offset = offsetOf(view.description);
  const timed = view.records > 0n;
  return {
    session: Buffer.from(view.id),
    description: view.description,
    state: STATES[stateOf(view, nowMs)],
    records: view.records,
    blocks: view.blocks,
    bytes: view.bytes,
    first: timed ? view.firstTime + offset : 0n,
    last: timed ? view.lastTime + offset : 0n,
    end: view.end,
    gaps: gaps.listed,
    bytesPending,
  };
}

/** One page, newest first; states are those at `nowMs`. Throws BAD_PAGE_SIZE, BAD_TOKEN. */
export async function pageOf(
  reader: Reader,
  { selector, pageSize, pageToken, states }: query.ListSessionsRequest,
  nowMs: number,
): Promise<{ readonly page: SessionView[]; readonly nextPageToken: string }> {
  if (pageSize > PAGE_MAX) {
    throw new WaywardError("INVALID_ARGUMENT", "BAD_PAGE_SIZE", `page size is ${pageSize}, at most ${PAGE_MAX}`);
  }
  if (pageToken !== "" && fromBase32(pageToken) === undefined) {
    throw new WaywardError("INVALID_ARGUMENT", "BAD_TOKEN", `page token "${pageToken.slice(0, 40)}" was not made here`);
  }
  const size = pageSize === 0 ? PAGE_DEFAULT : pageSize;
  const passes = (view: SessionView) =>
    !view.deleted && !view.expired && (states.length === 0 || states.includes(STATES[stateOf(view, nowMs)]));
  // One more tells whether there is a next page.
  const found = await reader.newest(selector, { before: pageToken, count: size + 1, passes });
  const page = found.slice(0, size);
  return { page, nextPageToken: found.length > size ? (page.at(-1)?.text ?? "") : "" };
}
