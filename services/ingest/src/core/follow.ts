import type { ingest } from "@wayward/api";
import { present } from "@wayward/base";
import { sessionText } from "@wayward/record";
import type { Effect, IngestState, StreamId, StreamState } from "./types.ts";

/** Sessions a stream hears of; beyond it the oldest one is heard of no more, which only delays its release. */
const FOLLOWED_MAX = 10_000;

/** From its first block on a stream hears what the archive has of a session. */
export function follow(state: IngestState, id: StreamId, stream: StreamState, session: string): Effect[] {
  if (stream.sessions.has(session)) return [];
  if (stream.sessions.size === FOLLOWED_MAX) {
    const [oldest] = stream.sessions;
    unfollow(state, id, stream, present(oldest, "oldest session"));
  }
  stream.sessions.add(session);
  const followers = state.followers.get(session) ?? new Set();
  state.followers.set(session, followers.add(id));
  return [{ type: "read-watermark", stream: id, session }];
}

/** The stream hears of nothing any more. */
export function unfollowAll(state: IngestState, id: StreamId, stream: StreamState): void {
  for (const session of [...stream.sessions]) unfollow(state, id, stream, session);
}

/** Tells a watermark to `only` this stream, else to all that follow its session. */
export function tell(state: IngestState, archived: ingest.Archived, only: StreamId | undefined): Effect[] {
  const session = sessionText(archived.session);
  if (archived.deleted) state.deleted.add(session);
  const effects: Effect[] = [];
  for (const id of only === undefined ? (state.followers.get(session) ?? []) : [only]) {
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
  const followers = state.followers.get(session);
  followers?.delete(id);
  if (followers?.size === 0) state.followers.delete(session);
}
