import { sessionText } from "@wayward/record";
import type { StreamId } from "./followers.ts";
import type { Effect, Event, IngestState, StreamState } from "./types.ts";

/** Sessions that one stream, and that all streams of a process hear of; 30 MB or so. */
export const FOLLOWED_MAX = { stream: 10_000, process: 200_000 } as const;

/**
 * From its first block on a stream hears what the archive has of a session.
 * Where too many are heard of, the stream's oldest one is heard of no more, or
 * else the process's. That only delays its release: its next block has it
 * heard of again, and a pusher sends again what was not told to be archived.
 */
export function follow(state: IngestState, id: StreamId, stream: StreamState, session: string): Effect[] {
  if (stream.sessions.has(session)) return [];
  const isFull = state.followers.size >= FOLLOWED_MAX.process;
  const [oldest] = stream.sessions;
  if (oldest !== undefined && (isFull || stream.sessions.size >= FOLLOWED_MAX.stream)) {
    unfollow(state, id, stream, oldest);
  } else if (isFull) unfollowOldest(state);
  const { tenant } = stream;
  stream.sessions.add(session);
  state.followers.add({ stream: id, tenant, session });
  return [{ type: "read-watermark", stream: id, tenant, session }];
}

function unfollowOldest(state: IngestState): void {
  const { oldest } = state.followers;
  const stream = oldest && state.streams.get(oldest.stream);
  if (stream !== undefined) unfollow(state, oldest!.stream, stream, oldest!.session);
}

/** The stream hears of nothing any more. */
export function unfollowAll(state: IngestState, id: StreamId, stream: StreamState): void {
  for (const session of [...stream.sessions]) unfollow(state, id, stream, session);
}

/** Tells a watermark to `stream` alone, else to all of its tenant that follow its session. */
export function tell(
  state: IngestState,
  { tenant, archived, stream: only }: Extract<Event, { type: "watermark" }>,
): Effect[] {
  const session = sessionText(archived.session);
  if (archived.deleted) state.deleted.add(tenant, session);
  const effects: Effect[] = [];
  for (const id of only === undefined ? state.followers.of(tenant, session) : [only]) {
    const stream = state.streams.get(id);
    if (stream === undefined || stream.ended || !stream.sessions.has(session)) continue;
    // Only the last value counts, so a pusher that does not read its answers needs no queue of them.
    if (stream.piledUp) stream.missed.add(session);
    else effects.push({ type: "answer", stream: id, answer: { $case: "archived", value: archived } });
  }
  return effects;
}

function unfollow(state: IngestState, id: StreamId, stream: StreamState, session: string): void {
  stream.sessions.delete(session);
  stream.missed.delete(session);
  state.followers.remove({ stream: id, tenant: stream.tenant, session });
}
