import { sessionText } from "@wayward/record";
import { admit } from "./admit.ts";
import { control, tellAll, tellMissed } from "./control.ts";
import { charge, exceeds, NOTHING, PROCESS_BYTES_MAX, release, STREAM_CREDIT } from "./credit.ts";
import { DeletedSessions } from "./deleted.ts";
import { follow, tell, unfollowAll } from "./follow.ts";
import type { StreamId } from "./followers.ts";
import { Followers } from "./followers.ts";
import type { Answer, Effect, Event, IngestState, Pushed, StreamState } from "./types.ts";

/** How long a pusher waits before it sends a block again that the bus did not take. */
const RETRY_AFTER_MS = 250;

export function createState(): IngestState {
  return {
    streams: new Map(),
    followers: new Followers(),
    deleted: new DeletedSessions(),
    control: new Map(),
    inFlight: NOTHING,
    stopping: false,
  };
}

/**
 * What push streams do, block by block. Until a stream must end every block
 * is answered once with ack, refused or retry; an ack and an announcement follow
 * only what the bus has stored. Changes the state in place.
 */
export function step(state: IngestState, event: Event): [IngestState, Effect[]] {
  const effects: Effect[] = [];
  switch (event.type) {
    case "opened":
      open(state, event.stream, event.tenant, effects);
      break;
    case "pushed":
      take(state, event, effects);
      break;
    case "stored":
      effects.push({ type: "announce", block: event.block, place: event.place });
      answer(state, event.block.stream, ackOf(event), effects);
      settle(state, event.block, effects);
      break;
    case "not-stored":
      answer(state, event.block.stream, retryOf(event.block, event.message), effects);
      settle(state, event.block, effects);
      break;
    case "watermark":
      effects.push(...tell(state, event));
      break;
    case "control":
      effects.push(...control(state, event.tenant, event.control));
      break;
    case "piled-up":
    case "drained":
      pile(state, event.stream, event.type === "piled-up", effects);
      break;
    case "half-closed":
      withStream(state, event.stream, (stream) => {
        stream.halfClosed = true;
        endIfDone(state, event.stream, stream, effects);
      });
      break;
    case "closed":
      withStream(state, event.stream, (stream) => {
        unfollowAll(state, event.stream, stream);
        state.streams.delete(event.stream);
      });
      break;
    case "aged":
      // Until it has ended its side its blocks are taken: nothing has to be sent twice.
      answer(
        state,
        event.stream,
        { $case: "goodbye", value: { message: "connect again, perhaps elsewhere" } },
        effects,
      );
      break;
    case "overdue":
      withStream(state, event.stream, (stream) => {
        stream.overdue = true;
        endIfDone(state, event.stream, stream, effects);
      });
      break;
    case "stop":
      state.stopping = true;
      for (const [id, stream] of state.streams) sayGoodbye(state, id, stream, effects);
      break;
  }
  return [state, effects];
}

function open(state: IngestState, id: StreamId, tenant: string, effects: Effect[]): void {
  const stream: StreamState = {
    tenant,
    sessions: new Set(),
    missed: new Set(),
    missedControl: new Set(),
    credit: NOTHING,
    reading: true,
    piledUp: false,
    trusted: false,
    halfClosed: false,
    overdue: false,
    ended: false,
  };
  state.streams.set(id, stream);
  if (state.stopping) {
    sayGoodbye(state, id, stream, effects);
    return;
  }
  answer(state, id, { $case: "credit", value: { ...STREAM_CREDIT } }, effects);
  effects.push(...tellAll(state, id, tenant));
  readOrPause(state, id, stream, effects);
}

function take(state: IngestState, event: Extract<Event, { type: "pushed" }>, effects: Effect[]): void {
  const { stream: id, bytes, pushed, received } = event;
  const stream = state.streams.get(id);
  // An empty message only opens the stream. Once it must end nothing is taken: it is sent again elsewhere.
  if (stream === undefined || stream.ended || mustEnd(state, stream) || bytes.length === 0) return;
  const { deleted } = state;
  const admission = admit(bytes, (session) => !deleted.isEmpty && deleted.has(stream.tenant, sessionText(session)));
  if (admission.type === "refuse") {
    answer(state, id, { $case: "refused", value: admission.refused }, effects);
    return;
  }
  const { header, crc32 } = admission.envelope;
  const { session, seq } = header;
  const text = sessionText(session);
  const block = { stream: id, tenant: stream.tenant, session, sessionText: text, seq, crc32, bytes, pushed, received };
  if (exceeds(stream.credit, bytes.length)) {
    const { blocks, bytes: held } = stream.credit;
    const limit = `at most ${STREAM_CREDIT.blocks} blocks of ${STREAM_CREDIT.bytes} bytes`;
    answer(state, id, retryOf(block, `${blocks} blocks of ${held} bytes are unanswered, ${limit}`), effects);
    return;
  }
  if (!stream.trusted) effects.push({ type: "trust", stream: id });
  stream.trusted = true;
  effects.push(...follow(state, id, stream, text));
  stream.credit = charge(stream.credit, bytes.length);
  state.inFlight = charge(state.inFlight, bytes.length);
  effects.push({ type: "publish", block });
  if (crossed(state, -bytes.length)) readOrPauseAll(state, effects);
}

/** The bus has answered: its block is no longer in flight. */
function settle(state: IngestState, { stream: id, bytes }: Pushed, effects: Effect[]): void {
  state.inFlight = release(state.inFlight, bytes.length);
  if (crossed(state, bytes.length)) readOrPauseAll(state, effects);
  withStream(state, id, (stream) => {
    stream.credit = release(stream.credit, bytes.length);
    endIfDone(state, id, stream, effects);
  });
}

function pile(state: IngestState, id: StreamId, piledUp: boolean, effects: Effect[]): void {
  withStream(state, id, (stream) => {
    stream.piledUp = piledUp;
    readOrPause(state, id, stream, effects);
    if (piledUp) return;
    const { tenant } = stream;
    for (const session of stream.missed) effects.push({ type: "read-watermark", stream: id, tenant, session });
    stream.missed.clear();
    effects.push(...tellMissed(state, id, stream));
  });
}

function sayGoodbye(state: IngestState, id: StreamId, stream: StreamState, effects: Effect[]): void {
  answer(state, id, { $case: "goodbye", value: { message: "the server stops" } }, effects);
  endIfDone(state, id, stream, effects);
}

function endIfDone(state: IngestState, id: StreamId, stream: StreamState, effects: Effect[]): void {
  if (stream.ended || stream.credit.blocks > 0 || !(mustEnd(state, stream) || stream.halfClosed)) return;
  stream.ended = true;
  effects.push({ type: "end", stream: id });
}

function mustEnd({ stopping }: IngestState, { overdue }: StreamState): boolean {
  return stopping || overdue;
}

function answer(state: IngestState, id: StreamId, content: Answer, effects: Effect[]): void {
  const stream = state.streams.get(id);
  if (stream !== undefined && !stream.ended) effects.push({ type: "answer", stream: id, answer: content });
}

/** True if the last change of the bytes in flight went over the process's bound, up or down. */
function crossed({ inFlight }: IngestState, before: number): boolean {
  return inFlight.bytes > PROCESS_BYTES_MAX !== inFlight.bytes + before > PROCESS_BYTES_MAX;
}

function readOrPauseAll(state: IngestState, effects: Effect[]): void {
  for (const [id, stream] of state.streams) readOrPause(state, id, stream, effects);
}

/** A stream is read while the process has room and its pusher reads the answers. */
function readOrPause(state: IngestState, id: StreamId, stream: StreamState, effects: Effect[]): void {
  const reading = state.inFlight.bytes <= PROCESS_BYTES_MAX && !stream.piledUp;
  if (reading === stream.reading) return;
  stream.reading = reading;
  effects.push({ type: reading ? "resume" : "pause", stream: id });
}

function withStream(state: IngestState, id: StreamId, change: (stream: StreamState) => void): void {
  const stream = state.streams.get(id);
  if (stream !== undefined) change(stream);
}

function ackOf({ block, place, now }: Extract<Event, { type: "stored" }>): Answer {
  const { session, seq, pushed, received } = block;
  return { $case: "ack", value: { session, seq, ...place, pushed, received, sent: now } };
}

function retryOf({ session, seq }: Pushed, message: string): Answer {
  return { $case: "retry", value: { session, seq, afterMs: RETRY_AFTER_MS, message } };
}
