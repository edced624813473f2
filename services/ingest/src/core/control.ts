import type { ingest } from "@wayward/api";
import { isForAgents } from "@wayward/record";
import type { StreamId } from "./followers.ts";
import type { Effect, IngestState, StreamState } from "./types.ts";

/** Keeps what a topic says now, and tells it to the tenant's streams if it is for agents. What they have heard already is not told again. */
export function control(state: IngestState, tenant: string, value: ingest.Control): Effect[] {
  const topics = state.control.get(tenant) ?? new Map<string, ingest.Control>();
  state.control.set(tenant, topics);
  if (topics.get(value.topic)?.revision === value.revision) return [];
  topics.set(value.topic, value);
  if (!isForAgents(value.topic)) return [];
  const effects: Effect[] = [];
  for (const [id, stream] of state.streams) {
    if (stream.tenant !== tenant || stream.ended) continue;
    // Only the last value counts, so a pusher that does not read its answers needs no queue of them.
    if (stream.piledUp) stream.missedControl.add(value.topic);
    else effects.push(tell(id, value));
  }
  return effects;
}

/** All settings of agents, for a stream that opens. */
export function tellAll(state: IngestState, id: StreamId, tenant: string): Effect[] {
  const values = [...(state.control.get(tenant)?.values() ?? [])];
  return values.filter(({ topic }) => isForAgents(topic)).map((value) => tell(id, value));
}

/** What changed while the stream's answers were piled up. */
export function tellMissed(state: IngestState, id: StreamId, stream: StreamState): Effect[] {
  const topics = state.control.get(stream.tenant);
  const values = [...stream.missedControl].flatMap((topic) => topics?.get(topic) ?? []);
  stream.missedControl.clear();
  return stream.ended ? [] : values.map((value) => tell(id, value));
}

function tell(stream: StreamId, value: ingest.Control): Effect {
  return { type: "answer", stream, answer: { $case: "control", value } };
}
