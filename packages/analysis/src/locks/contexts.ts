import { WAITS } from "@wayward/record";
import { variantHeld } from "./holders.ts";
import { forgetJudged } from "./order/chains.ts";
import { refreshChain } from "./order/lane-chain.ts";
import { markEnabled } from "./order/usage.ts";
import { here, type Run } from "./run.ts";
import type { Context, Lane, LockSession } from "./state.ts";

/** One bit each in a 32-bit number. */
const CONTEXTS_MAX = 31;

/** The context of that name; undefined beyond the bound. What was held before it was known was held with it enabled. */
function contextOf(run: Run, name: string): Context | undefined {
  const { session } = run;
  const known = session.contexts.get(name);
  if (known !== undefined) return known;
  if (session.contextByBit.length >= CONTEXTS_MAX) {
    session.leftOut.set("contexts", (session.leftOut.get("contexts") ?? 0) + 1);
    return undefined;
  }
  const made: Context = { bit: 1 << session.contextByBit.length, name, maskedBy: 0, inside: 0 };
  session.contextByBit.push(made);
  session.contexts.set(name, made);
  for (const node of session.nodes) {
    for (const reader of [0, 1] as const) if (node.held[reader]) markEnabled(run, node, reader, made.bit, here(run));
  }
  // Chains were judged without it.
  forgetJudged(session.chains);
  return made;
}

export function declareContext(run: Run, name: string, inside: number): void {
  const context = contextOf(run, name);
  if (context !== undefined && WAITS[inside] !== undefined) context.inside = inside;
}

export function declareMaskedBy(run: Run, name: string, by: string): void {
  const [context, masker] = [contextOf(run, name), contextOf(run, by)];
  if (context !== undefined && masker !== undefined) context.maskedBy |= masker.bit;
}

/** Bits of the contexts that cannot interrupt the lane now. */
function maskedBits({ contextByBit }: LockSession, { masks, frames }: Lane): number {
  let by = masks;
  for (const { bit } of frames) by |= bit;
  let masked = by;
  for (let before = 0; before !== masked; ) {
    before = masked;
    // What is masked by another one masks in turn.
    for (const { bit, maskedBy } of contextByBit) if ((maskedBy & masked) !== 0) masked |= bit;
  }
  return masked;
}

/** Bits of the contexts that can. */
export function enabledBits(session: LockSession, lane: Lane): number {
  const all = (1 << session.contextByBit.length) - 1;
  return all & ~maskedBits(session, lane);
}

export function enterContext(run: Run, name: string): void {
  const context = contextOf(run, name);
  if (context === undefined) return;
  const { lane, session } = run;
  lane.frames.push({ bit: context.bit, outer: lane.chain });
  refreshChain(session, lane);
}

/** Ends the innermost frame of that context; what was taken inside and is still held belongs to what goes on. */
export function exitContext(run: Run, name: string): void {
  const { lane, session } = run;
  const bit = session.contexts.get(name)?.bit;
  const at = lane.frames.findLastIndex((frame) => frame.bit === bit);
  if (at < 0) return;
  lane.frames.splice(at, 1);
  for (const hold of lane.holds) if (hold.level > lane.frames.length) hold.level = lane.frames.length;
  refreshChain(session, lane);
  markHeld(run);
}

export function mask(run: Run, name: string): void {
  const context = contextOf(run, name);
  if (context === undefined) return;
  run.lane.masks |= context.bit;
  refreshChain(run.session, run.lane);
}

/** One unmask undoes any number of masks. */
export function unmask(run: Run, name: string): void {
  const context = contextOf(run, name);
  if (context === undefined) return;
  run.lane.masks &= ~context.bit;
  refreshChain(run.session, run.lane);
  markHeld(run);
}

/** What a lane holds while a context is not masked is held with it enabled. */
function markHeld(run: Run): void {
  const { session, lane } = run;
  const bits = enabledBits(session, lane);
  for (const hold of lane.holds) {
    markEnabled(run, variantHeld(session, hold).node, hold.mode === 0 ? 0 : 1, bits, here(run));
  }
}
