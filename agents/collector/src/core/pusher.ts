/**
 * What a pusher does next: which block is sent, kept, sent again or released.
 * Pure: events in, effects out; a driver carries them out.
 */

import type { PushEffect, PushEvent } from "./events.ts";

type Stage = "waiting" | "sent" | "accepted";

interface Held {
  readonly seq: bigint;
  readonly bytes: number;
  stage: Stage;
  notBeforeMs: number;
  incarnation: string;
  busSeq: bigint;
  acceptedMs: number;
}

interface SessionState {
  readonly held: Map<bigint, Held>;
  /** Those that wait to be sent, in order of seq. */
  readonly queue: Held[];
  lastSeq: bigint | undefined;
  /**
   * The highest seq ever found: its block stays as long as the session's
   * folder, so that whoever makes the last one knows its number and whether
   * the session has ended.
   */
  highest: bigint;
  /** Everything up to here was accepted, set aside, or had left the spool before this pusher came. */
  upTo: bigint;
  /** Those beyond `upTo` that have left the spool. */
  readonly gone: Set<bigint>;
  /** Bytes of `held`. */
  bytes: number;
}

export interface PusherLimits {
  /** Bytes of a session's spool. Above 80 % of it accepted blocks go before the archive has them. */
  readonly quotaBytes: number;
}

/** Share of the quota above which ACCEPTED is enough to go. */
const KEEP_SHARE = 0.8;

/** An accepted block of which the archive has told nothing for so long is sent again: identity makes that harmless. */
const RESEND_AFTER_MS = 6 * 3600 * 1000;

/** Bus sequence of a block that is archived and kept only for its number. */
const ARCHIVED = 2n ** 64n;

/** State of one pusher, changed only by `step`. */
export class PusherCore {
  readonly #sessions = new Map<string, SessionState>();
  #connected = false;
  #creditBlocks = 0;
  #creditBytes = 0;
  #sentBlocks = 0;
  #sentBytes = 0;
  #nowMs = 0;
  readonly #keepBytes: number;

  constructor({ quotaBytes }: PusherLimits) {
    this.#keepBytes = quotaBytes * KEEP_SHARE;
  }

  /** True if every block found so far was accepted, released or set aside. */
  get isDrained(): boolean {
    for (const { held } of this.#sessions.values())
      for (const { stage } of held.values()) if (stage !== "accepted") return false;
    return true;
  }

  /** Blocks that wait for the server. */
  get waiting(): number {
    let count = 0;
    for (const { held } of this.#sessions.values())
      for (const { stage } of held.values()) if (stage !== "accepted") count++;
    return count;
  }

  step(event: PushEvent): PushEffect[] {
    const effects: PushEffect[] = [];
    switch (event.type) {
      case "found":
        this.#found(event.session, event.seq, event.bytes, effects);
        break;
      case "gone":
        this.#gone(event.session, event.seq, effects);
        break;
      case "ended":
        this.#session(event.session).lastSeq = event.lastSeq;
        this.#finish(event.session, effects);
        break;
      case "connected":
        this.#connected = true;
        break;
      case "disconnected":
        this.#disconnect();
        break;
      case "credit":
        this.#creditBlocks = event.blocks;
        this.#creditBytes = event.bytes;
        break;
      case "ack":
        this.#ack(event, effects);
        break;
      case "refused":
        this.#refused(event.session, event.seq, event.reason, effects);
        break;
      case "retry":
        this.#retry(event.session, event.seq, event.untilMs);
        break;
      case "archived":
        this.#archived(event, effects);
        break;
      case "tick":
        this.#nowMs = event.nowMs;
        this.#resendOld();
    }
    this.#send(effects);
    return effects;
  }

  #found(session: string, seq: bigint, bytes: number, effects: PushEffect[]): void {
    const state = this.#session(session);
    if (state.held.has(seq)) return;
    if (state.highest < 0n) state.upTo = seq - 1n;
    const held: Held = { seq, bytes, stage: "waiting", notBeforeMs: 0, incarnation: "", busSeq: 0n, acceptedMs: 0 };
    state.held.set(seq, held);
    enqueue(state.queue, held);
    state.bytes += bytes;
    if (seq > state.highest) state.highest = seq;
    this.#makeRoom(session, state, effects);
  }

  /** Above its share of the quota a spool gives up what was accepted, the oldest first. */
  #makeRoom(session: string, state: SessionState, effects: PushEffect[]): void {
    if (state.bytes <= this.#keepBytes) return;
    for (const held of state.held.values()) {
      if (state.bytes <= this.#keepBytes) return;
      if (held.stage !== "accepted" || held.seq === state.highest) continue;
      this.#forget(state, held);
      effects.push({ type: "release", session, seq: held.seq });
    }
  }

  #gone(session: string, seq: bigint, effects: PushEffect[]): void {
    const state = this.#sessions.get(session);
    const held = state?.held.get(seq);
    if (state === undefined || held === undefined) return;
    this.#unsend(held);
    this.#forget(state, held);
    this.#advance(session, state, effects);
    this.#finish(session, effects);
  }

  #forget(state: SessionState, held: Held): void {
    state.held.delete(held.seq);
    state.bytes -= held.bytes;
    held.stage = "accepted";
    if (held.seq > state.upTo) state.gone.add(held.seq);
  }

  /** Tells how far everything is accepted, where that has changed. */
  #advance(session: string, state: SessionState, effects: PushEffect[]): void {
    const before = state.upTo;
    for (;;) {
      const next = state.upTo + 1n;
      if (!state.gone.delete(next) && state.held.get(next)?.stage !== "accepted") break;
      state.upTo = next;
    }
    if (state.upTo !== before) effects.push({ type: "accepted", session, upTo: state.upTo });
  }

  #ack({ session, seq, incarnation, busSeq, nowMs }: Extract<PushEvent, { type: "ack" }>, effects: PushEffect[]): void {
    const state = this.#sessions.get(session);
    const held = state?.held.get(seq);
    if (state === undefined || held === undefined) return;
    this.#unsend(held);
    held.stage = "accepted";
    held.incarnation = incarnation;
    held.busSeq = busSeq;
    held.acceptedMs = nowMs;
    this.#advance(session, state, effects);
    this.#makeRoom(session, state, effects);
  }

  #refused(session: string, seq: bigint, reason: string, effects: PushEffect[]): void {
    const state = this.#sessions.get(session);
    const held = state?.held.get(seq);
    if (state === undefined || held === undefined) return;
    this.#unsend(held);
    if (reason === "DELETED") {
      this.#discard(session, true, effects);
      return;
    }
    this.#forget(state, held);
    effects.push({ type: "set-aside", session, seq, reason });
    this.#advance(session, state, effects);
    this.#finish(session, effects);
  }

  #retry(session: string, seq: bigint, untilMs: number): void {
    const state = this.#sessions.get(session);
    const held = state?.held.get(seq);
    if (state === undefined || held?.stage !== "sent") return;
    this.#wait(state, held);
    held.notBeforeMs = untilMs;
  }

  #archived(event: Extract<PushEvent, { type: "archived" }>, effects: PushEffect[]): void {
    const { session, incarnation, busSeq, ranges, deleted } = event;
    const state = this.#sessions.get(session);
    if (state === undefined) return;
    if (deleted) {
      this.#discard(session, true, effects);
      return;
    }
    for (const held of state.held.values()) {
      const has = ranges.some(({ first, last }) => first <= held.seq && held.seq <= last);
      if (has) this.#release(session, state, held, effects);
      // The archive has passed its place without it, or the bus was made anew.
      else if (isForgotten(held, incarnation, busSeq)) this.#wait(state, held);
    }
    this.#advance(session, state, effects);
    this.#finish(session, effects);
  }

  /** The highest block of a session keeps its place in the spool. */
  #release(session: string, state: SessionState, held: Held, effects: PushEffect[]): void {
    this.#unsend(held);
    if (held.stage === "waiting") held.stage = "accepted";
    if (held.seq === state.highest) {
      held.stage = "accepted";
      // Nothing will pass it without naming it: it is archived.
      held.busSeq = ARCHIVED;
      return;
    }
    this.#forget(state, held);
    effects.push({ type: "release", session, seq: held.seq });
  }

  #finish(session: string, effects: PushEffect[]): void {
    const state = this.#sessions.get(session);
    if (state === undefined || state.lastSeq === undefined) return;
    for (const { busSeq } of state.held.values()) if (busSeq !== ARCHIVED) return;
    this.#discard(session, false, effects);
  }

  #discard(session: string, deleted: boolean, effects: PushEffect[]): void {
    for (const held of this.#sessions.get(session)?.held.values() ?? []) this.#unsend(held);
    this.#sessions.delete(session);
    effects.push({ type: "discard", session, deleted });
  }

  #disconnect(): void {
    this.#connected = false;
    this.#creditBlocks = 0;
    this.#creditBytes = 0;
    for (const state of this.#sessions.values()) {
      for (const block of state.held.values()) if (block.stage === "sent") this.#wait(state, block);
    }
  }

  #resendOld(): void {
    for (const state of this.#sessions.values()) {
      for (const block of state.held.values()) {
        const old = block.stage === "accepted" && this.#nowMs - block.acceptedMs > RESEND_AFTER_MS;
        if (old && block.busSeq !== ARCHIVED) this.#wait(state, block);
      }
    }
  }

  #wait(state: SessionState, held: Held): void {
    this.#unsend(held);
    held.stage = "waiting";
    enqueue(state.queue, held);
  }

  /**
   * Blocks of a session go in order of seq; one that must wait holds up those
   * behind it. Sessions take turns, so that none that writes much has all
   * credit for itself: the others would reach their quota.
   */
  #send(effects: PushEffect[]): void {
    if (!this.#connected) return;
    for (const [session, state] of this.#sessions) {
      const { taken, isOut } = this.#sendOf(session, state.queue, effects);
      if (taken > 0) {
        state.queue.splice(0, taken);
        // Behind the others. With credit left the loop meets it again, and finds nothing that may go.
        this.#sessions.delete(session);
        this.#sessions.set(session, state);
      }
      if (isOut) return;
    }
  }

  /** Sends of a session what may go; tells how many blocks left its queue, and whether credit is out. */
  #sendOf(session: string, queue: readonly Held[], effects: PushEffect[]): { taken: number; isOut: boolean } {
    let taken = 0;
    for (const block of queue) {
      // It may have been archived or given up since it was queued.
      if (block.stage === "waiting") {
        if (block.notBeforeMs > this.#nowMs) break;
        if (!this.#maySend(block.bytes)) return { taken, isOut: true };
        block.stage = "sent";
        this.#sentBlocks++;
        this.#sentBytes += block.bytes;
        effects.push({ type: "send", session, seq: block.seq });
      }
      taken++;
    }
    return { taken, isOut: false };
  }

  #maySend(bytes: number): boolean {
    if (this.#creditBlocks === 0) return false;
    if (this.#sentBlocks === 0) return true;
    return this.#sentBlocks < this.#creditBlocks && this.#sentBytes + bytes <= this.#creditBytes;
  }

  #unsend(held: Held): void {
    if (held.stage !== "sent") return;
    this.#sentBlocks--;
    this.#sentBytes -= held.bytes;
  }

  #session(session: string): SessionState {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    const made = {
      held: new Map<bigint, Held>(),
      queue: [],
      lastSeq: undefined,
      highest: -1n,
      upTo: -1n,
      gone: new Set<bigint>(),
      bytes: 0,
    };
    this.#sessions.set(session, made);
    return made;
  }
}

/** Puts a block into its place by seq; nearly always the last one. */
function enqueue(queue: Held[], held: Held): void {
  let at = queue.length;
  while (at > 0 && queue[at - 1]!.seq > held.seq) at--;
  if (queue[at - 1] !== held) queue.splice(at, 0, held);
}

/** The bus has taken the block, and the archive tells of this place in this bus without naming it. */
function isForgotten(held: Held, incarnation: string, busSeq: bigint): boolean {
  if (held.stage !== "accepted" || held.busSeq === ARCHIVED) return false;
  return held.incarnation !== incarnation || held.busSeq <= busSeq;
}
