import { query } from "@wayward/api";
import { fromBase32, WaywardError } from "@wayward/base";
import { GapList, offsetOf, type SessionStateName, type SessionView, sessionGaps, stateOf } from "@wayward/reader";

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

/** One page, newest first; ids are in order of time. States are those at `nowMs`. Throws BAD_PAGE_SIZE, BAD_TOKEN. */
export function pageOf(
  views: readonly SessionView[],
  { pageSize, pageToken, states }: query.ListSessionsRequest,
  nowMs: number,
): { readonly page: SessionView[]; readonly nextPageToken: string } {
  if (pageSize > PAGE_MAX) {
    throw new WaywardError("INVALID_ARGUMENT", "BAD_PAGE_SIZE", `page size is ${pageSize}, at most ${PAGE_MAX}`);
  }
  if (pageToken !== "" && fromBase32(pageToken) === undefined) {
    throw new WaywardError("INVALID_ARGUMENT", "BAD_TOKEN", `page token "${pageToken.slice(0, 40)}" was not made here`);
  }
  const size = pageSize === 0 ? PAGE_DEFAULT : pageSize;
  const newest = views
    .filter(({ deleted, expired, text }) => !deleted && !expired && (pageToken === "" || text < pageToken))
    .filter((view) => states.length === 0 || states.includes(STATES[stateOf(view, nowMs)]))
    .sort((a, b) => (a.text > b.text ? -1 : 1));
  const page = newest.slice(0, size);
  return { page, nextPageToken: newest.length > size ? (page.at(-1)?.text ?? "") : "" };
}
