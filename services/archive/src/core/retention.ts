import type { LogAction, PartitionState } from "@wayward/chunk";

/** Sessions that one entry lets go, and chunks that one entry collects: an entry stays small. */
const AT_ONCE = 1_000;

/**
 * What brings a partition's archive under its size: first the oldest sessions
 * go that have ended, or of which no entry after `silentUpTo` says anything:
 * the end mark of a host that vanished never comes. Then chunks that nobody
 * needs any more. Undefined if there is nothing to do. 0 bytes is no limit.
 */
export function nextRetention(log: PartitionState, keepBytes: number, silentUpTo: bigint): LogAction | undefined {
  const sessions = keepBytes === 0 ? [] : oldestBeyond(log, BigInt(keepBytes), silentUpTo);
  if (sessions.length > 0) return { $case: "expire", value: { sessions } };
  const keys = [...log.unreferenced].slice(0, AT_ONCE);
  return keys.length === 0 ? undefined : { $case: "collect", value: { keys } };
}

/** Ids are in order of time. Sessions that are still written stay, however large they are. */
function oldestBeyond(log: PartitionState, keepBytes: bigint, silentUpTo: bigint): Buffer[] {
  let bytes = log.keptBytes;
  if (bytes <= keepBytes) return [];
  const kept = [...log.sessions].filter(([, { deleted, expired }]) => !deleted && !expired);
  const gone: Buffer[] = [];
  for (const [, session] of kept.sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (bytes <= keepBytes || gone.length === AT_ONCE) break;
    if (session.end === undefined && session.lastN > silentUpTo) continue;
    gone.push(Buffer.from(session.session));
    bytes -= session.bytes;
  }
  return gone;
}
