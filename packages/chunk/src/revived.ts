import type { ArchivedSession } from "./session-table.ts";

/**
 * A session that had expired and speaks again: what comes from now on is kept
 * like any other's. What it had before stays gone: its places are no longer
 * its, and its seqs stay committed, so that a copy that its agent sends again
 * is one.
 */
export function revived(session: ArchivedSession): ArchivedSession {
  const nothing = { records: 0n, bytes: 0n, firstTime: 0n, lastTime: 0n };
  return { ...session, ...nothing, expired: false, places: [], letGo: session.committed.toArray() };
}
