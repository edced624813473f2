import { enabledBits } from "../contexts.ts";
import { lockOfRow, variantHeld } from "../holders.ts";
import { judgeInversion } from "../rules/inversion.ts";
import { placeOf, reportRecursion } from "../rules/recursion.ts";
import { judgeWaitType } from "../rules/wait-type.ts";
import { here, type Run } from "../run.ts";
import { isBeyond } from "../session.ts";
import type { Hold, Lock, Variant } from "../state.ts";
import { addEdge, dependencyOf } from "./graph.ts";
import { judgeNewEdge, markEnabled, markUsedIn } from "./usage.ts";

/** What an acquisition says beside the lock. */
export interface Acquisition {
  readonly lock: Lock;
  readonly variant: Variant;
  readonly mode: number;
  /** It does not wait: it is no use in its context, and is not judged for order and waiting. */
  readonly tried: boolean;
  /** Serial of what orders instances of the class; undefined without. */
  readonly nestedSince: number | undefined;
}

/** Judges an acquisition for waiting, order and contexts. True if something was found. */
export function judgeAcquisition(run: Run, acquisition: Acquisition): boolean {
  const { variant, mode, tried, lock } = acquisition;
  if (isBeyond(lock.base)) return false;
  const before = run.session.reports;
  if (!tried) {
    judgeWaitType(run, lock);
    judgeOrder(run, acquisition);
  }
  judgeUse(run, variant, mode, tried);
  return run.session.reports > before;
}

/** A class is used in the contexts that the lane has entered, unless it was tried for, and held with the others enabled. */
export function judgeUse(run: Run, { node }: Variant, mode: number, tried: boolean): void {
  const { session, lane } = run;
  const reader = mode === 0 ? 0 : 1;
  const at = here(run);
  if (!tried) {
    let bits = 0;
    for (const { bit } of lane.frames) bits |= bit;
    markUsedIn(run, node, reader, bits, at);
  }
  markEnabled(run, node, reader, enabledBits(session, lane), at);
}

/** A hold has become one of another mode: it counts as such where contexts are enabled. */
export function markEnabledNow(run: Run, hold: Hold): void {
  const { node } = variantHeld(run.session, hold);
  markEnabled(run, node, hold.mode === 0 ? 0 : 1, enabledBits(run.session, run.lane), here(run));
}

/** Same-class recursion, then an edge from everything that the lane holds in this context. */
function judgeOrder(run: Run, acquisition: Acquisition): void {
  const { variant, lock, nestedSince } = acquisition;
  const { holds } = run.lane;
  const nodeOf = (hold: Hold) => variantHeld(run.session, hold).node;
  const same = holds.filter((hold) => nodeOf(hold) === variant.node && hold.row !== lock.row);
  if (same.length > 0 && !run.lane.loop) {
    const wrong = nestedSince === undefined ? same : same.filter(({ since }) => since < nestedSince);
    // What the nest lock orders makes no edge at all.
    if (wrong.length === 0) return;
    reportRecursion(run, lock, wrong.at(-1)!, here(run));
  }
  const level = run.lane.frames.length;
  for (const hold of holds) {
    if (hold.level === level && nodeOf(hold) !== variant.node) judgeEdge(run, hold, acquisition);
  }
}

function judgeEdge(run: Run, hold: Hold, { lock, variant: { node }, mode }: Acquisition): void {
  const held = lockOfRow(run.session, hold);
  if (isBeyond(held.base)) return;
  const bit = dependencyOf(hold.mode, mode);
  const from = variantHeld(run.session, hold).node;
  const [heldAt, taken] = [placeOf(hold), here(run)];
  const unsure = hold.unsure || held.nameless || lock.nameless;
  if (!addEdge(run.session, from, node, bit, heldAt, taken, unsure)) return;
  const edge = from.out.get(node.id)!;
  judgeInversion(run, edge, bit, heldAt, taken);
  judgeNewEdge(run, edge, bit);
}
