import { equalBytes } from "@wayward/base";
import type { Named, RelayEffect, RelayEvent, Relayed, RelayState } from "./relay-types.ts";

/** A reading that brings nothing for so long although the bus has more is begun anew. */
export const STUCK_MS = 2_000;
/** A block that was heard and not named for so long has the bus asked. */
export const UNNAMED_MS = 250;
const ASK_EVERY_MS = 1_000;
const ASK_AGAIN_MS = 50;
/** Longer than a publish may be under way; what is named later is read from the stream. */
export const HOLD_MS = 10_000;
/** After a reading that failed. */
const READ_AGAIN_MS = 500;
const RECENT_MAX = 8_192;

/** `heldBytesMax`: bytes of blocks that wait to be named. */
export function createRelay(heldBytesMax: number): RelayState {
  return {
    incarnation: "",
    upTo: 0n,
    beyond: new Set(),
    last: 0n,
    held: new Map(),
    heldBytes: 0,
    heldBytesMax,
    recent: new Map(),
    recentKeys: new Map(),
    suspect: false,
    reading: false,
    readAfterMs: 0,
    behindSinceMs: undefined,
    behindAt: 0n,
    asking: false,
    wantsBounds: false,
    askedMs: Number.NEGATIVE_INFINITY,
    askedUpTo: 0n,
  };
}

/** What names a block: its session and number. */
export function keyOf(session: string, seq: bigint): string {
  return `${session}/${seq}`;
}

/**
 * Tells which blocks of one partition are ACCEPTED as early as it can be
 * known: by the stream, which is followed and alone decides, or by what was
 * heard on the core and is named by ingest, whichever is first. Changes the
 * state in place.
 */
export function relayStep(state: RelayState, event: RelayEvent): [RelayState, RelayEffect[]] {
  const effects: RelayEffect[] = [];
  switch (event.type) {
    case "heard":
      hold(state, event.block, event.now);
      break;
    case "announced":
      announced(state, event, effects);
      break;
    case "bounds":
      bounds(state, event, effects);
      break;
    case "bounds-failed":
      state.asking = false;
      break;
    case "read":
      read(state, event, effects);
      break;
    case "read-ended":
      state.reading = false;
      state.readAfterMs = event.failed ? event.now + READ_AGAIN_MS : event.now;
      break;
    case "tick":
      tick(state, event.now, effects);
      break;
  }
  return [state, effects];
}

function hold(state: RelayState, block: Relayed, now: number): void {
  const key = keyOf(block.session, block.envelope.header.seq);
  // A copy of what was accepted: the first one counts.
  if (state.recentKeys.has(key)) return;
  const known = state.held.get(key);
  if (known !== undefined) {
    if (known.block !== undefined && !equalBytes(known.block.envelope.bytes, block.envelope.bytes))
      known.block = undefined;
    return;
  }
  const bytes = block.envelope.bytes.length;
  state.held.set(key, { block, bytes, heardMs: now, asked: false });
  state.heldBytes += bytes;
  for (const [oldest] of state.held) {
    if (state.heldBytes <= state.heldBytesMax) break;
    release(state, oldest);
  }
}

function release(state: RelayState, key: string): void {
  const held = state.held.get(key);
  if (held === undefined) return;
  state.held.delete(key);
  state.heldBytes -= held.bytes;
}

function announced(state: RelayState, event: Extract<RelayEvent, { type: "announced" }>, effects: RelayEffect[]): void {
  if (event.incarnation !== state.incarnation) {
    ask(state, event.now, effects);
    return;
  }
  for (const named of event.blocks) name(state, named, event.now, effects);
}

function name(state: RelayState, { busSeq, key, crc32 }: Named, now: number, effects: RelayEffect[]): void {
  if (busSeq > state.last) state.last = busSeq;
  // Another block of this identity was published and not stored, or not this time.
  const heard = state.held.get(key)?.block;
  const held = heard?.envelope.crc32 === crc32 ? heard : undefined;
  if (!isSeen(state, busSeq)) {
    if (state.recentKeys.has(key)) mark(state, busSeq, key);
    else if (held !== undefined) accept(state, busSeq, held, effects);
    return;
  }
  const known = state.recent.get(busSeq);
  if (known === undefined) {
    // From before the relay began, or told to be lost meanwhile.
    if (held !== undefined) effects.push({ type: "accept", block: held });
    release(state, key);
  } else if (known !== key) {
    // The sequence was another block's: the bus has lost that one and counts again.
    state.suspect = true;
    ask(state, now, effects);
  }
}

function bounds(state: RelayState, event: Extract<RelayEvent, { type: "bounds" }>, effects: RelayEffect[]): void {
  const { incarnation, first, last } = event;
  state.asking = false;
  if (state.incarnation === "") {
    Object.assign(state, { incarnation, upTo: last, last });
  } else if (incarnation !== state.incarnation || last < state.askedUpTo || state.suspect) {
    restart(state, event, effects);
  } else if (last > state.last) state.last = last;
  skipTo(state, first - 1n, effects);
}

function restart(state: RelayState, event: Extract<RelayEvent, { type: "bounds" }>, effects: RelayEffect[]): void {
  const { incarnation, first, last } = event;
  Object.assign(state, { incarnation, upTo: first - 1n, last, suspect: false });
  state.beyond.clear();
  state.recent.clear();
  state.recentKeys.clear();
  effects.push({ type: "restarted" });
  if (state.reading) effects.push({ type: "stop-reading" });
}

function read(state: RelayState, event: Extract<RelayEvent, { type: "read" }>, effects: RelayEffect[]): void {
  const { busSeq, block } = event;
  if (busSeq > state.last) state.last = busSeq;
  skipTo(state, busSeq - 1n, effects);
  if (!isSeen(state, busSeq)) {
    const key = block === undefined ? "" : keyOf(block.session, block.envelope.header.seq);
    if (block === undefined || state.recentKeys.has(key)) mark(state, busSeq, key);
    else accept(state, busSeq, block, effects);
  }
}

function tick(state: RelayState, now: number, effects: RelayEffect[]): void {
  for (const [key, held] of state.held) {
    if (now - held.heardMs < UNNAMED_MS) break;
    if (!held.asked) ask(state, now, effects);
    held.asked = true;
    if (now - held.heardMs >= HOLD_MS) release(state, key);
  }
  if (state.wantsBounds || now - state.askedMs >= ASK_EVERY_MS) ask(state, now, effects);
  if (state.incarnation !== "") followStream(state, now, effects);
}

/** The stream is read all the time, from where nothing is missing. */
function followStream(state: RelayState, now: number, effects: RelayEffect[]): void {
  if (!state.reading) {
    if (now < state.readAfterMs) return;
    state.reading = true;
    state.behindSinceMs = undefined;
    effects.push({ type: "read", from: state.upTo + 1n });
    return;
  }
  const moved = state.behindAt !== state.upTo;
  state.behindAt = state.upTo;
  if (moved || state.upTo >= state.last) state.behindSinceMs = undefined;
  else state.behindSinceMs ??= now;
  if (state.behindSinceMs === undefined || now - state.behindSinceMs < STUCK_MS) return;
  state.behindSinceMs = undefined;
  effects.push({ type: "stop-reading" });
}

/** The stream holds nothing up to here any more: what nobody saw of it is lost. */
function skipTo(state: RelayState, to: bigint, effects: RelayEffect[]): void {
  if (to <= state.upTo) return;
  let first: bigint | undefined;
  for (let busSeq = state.upTo + 1n; busSeq <= to && first === undefined; busSeq++) {
    if (!state.beyond.has(busSeq)) first = busSeq;
  }
  if (first !== undefined) effects.push({ type: "lost", first, last: to });
  for (const busSeq of state.beyond) if (busSeq <= to) state.beyond.delete(busSeq);
  state.upTo = to;
  if (state.last < to) state.last = to;
  joinBeyond(state);
}

function accept(state: RelayState, busSeq: bigint, block: Relayed, effects: RelayEffect[]): void {
  const key = keyOf(block.session, block.envelope.header.seq);
  release(state, key);
  mark(state, busSeq, key);
  effects.push({ type: "accept", block });
}

function mark(state: RelayState, busSeq: bigint, key: string): void {
  release(state, key);
  state.recent.set(busSeq, key);
  state.recentKeys.set(key, busSeq);
  if (state.recent.size > RECENT_MAX) forgetOldest(state);
  state.beyond.add(busSeq);
  joinBeyond(state);
}

function forgetOldest(state: RelayState): void {
  for (const [busSeq, key] of state.recent) {
    state.recent.delete(busSeq);
    if (state.recentKeys.get(key) === busSeq) state.recentKeys.delete(key);
    return;
  }
}

function joinBeyond(state: RelayState): void {
  while (state.beyond.delete(state.upTo + 1n)) state.upTo++;
}

function isSeen(state: RelayState, busSeq: bigint): boolean {
  return busSeq <= state.upTo || state.beyond.has(busSeq);
}

/** Asks for the bounds, or has the next tick ask: what comes while they are asked for may be newer than the answer. */
function ask(state: RelayState, now: number, effects: RelayEffect[]): void {
  state.wantsBounds = state.asking || now - state.askedMs < ASK_AGAIN_MS;
  if (state.wantsBounds) return;
  state.asking = true;
  state.askedMs = now;
  state.askedUpTo = state.upTo;
  effects.push({ type: "ask" });
}
