import { lockOfRow, variantHeld } from "./holders.ts";
import { dependencyOf } from "./order/graph.ts";
import { placeOf } from "./rules/recursion.ts";
import { here, type Run } from "./run.ts";
import { type CallEdge, type Lock, type LockSession, MODE, type Variant } from "./state.ts";

/*
 * Calls that are waited for, in the order of locks: a call is like a lock that
 * its answerer holds from begin to end and its caller waits for. What the
 * caller holds meanwhile comes before it, what the answerer takes after it.
 */

/** Edges with calls that a session keeps. */
const CALLS_MAX = 512;

export function beginAnswer(run: Run): void {
  const call = run.batch.span(run.index);
  run.lane.answers = call === "" ? undefined : { call, at: here(run), taken: new Set() };
}

export function endAnswer({ lane }: Run): void {
  lane.answers = undefined;
}

/** The lane has waited for a call for so many nanoseconds: all that it has held since before was held over it. */
export function noteCall(run: Run, duration: number): void {
  const { lane, session, batch, index, time } = run;
  const call = batch.span(index);
  if (call === "") return;
  const taken = here(run);
  const begun = time - duration;
  for (const hold of lane.holds) {
    const { shared, name } = lockOfRow(session, hold);
    if (hold.time > begun || hold.unsure || hold.level !== lane.frames.length) continue;
    const bits = dependencyOf(hold.mode, MODE.exclusive);
    keep(session, {
      from: variantHeld(session, hold).node,
      to: call,
      bits,
      held: placeOf(hold),
      taken,
      lock: shared || name,
    });
  }
  const { answers } = lane;
  if (answers === undefined || answers.at.time > begun) return;
  const bits = dependencyOf(MODE.exclusive, MODE.exclusive);
  keep(session, { from: answers.call, to: call, bits, held: answers.at, taken, lock: "" });
}

/** The lane takes a lock to answer a call. */
export function noteAnswer(run: Run, lock: Lock, { node }: Variant, mode: number): void {
  const { answers } = run.lane;
  if (answers === undefined) return;
  const bits = dependencyOf(MODE.exclusive, mode);
  const key = `${node.id} ${bits}`;
  if (answers.taken.has(key)) return;
  answers.taken.add(key);
  keep(run.session, {
    from: answers.call,
    to: node,
    bits,
    held: answers.at,
    taken: here(run),
    lock: lock.shared || lock.name,
  });
}

/** Where there are too many, every session keeps those of the same traces: the ones with the lowest ids. */
function keep(session: LockSession, edge: CallEdge): void {
  session.calls.push(edge);
  while (session.calls.length > CALLS_MAX || rankOf(session.calls.at(-1)) > session.callsUpTo) {
    if (session.calls.length > CALLS_MAX) session.callsUpTo = Math.floor(session.callsUpTo / 2);
    const kept = session.calls.filter((one) => rankOf(one) <= session.callsUpTo);
    const gone = session.calls.length - kept.length;
    session.calls.splice(0, session.calls.length, ...kept);
    session.leftOut.set("calls", (session.leftOut.get("calls") ?? 0) + gone);
  }
}

/** The first 32 bits of a random trace id. */
function rankOf(edge: CallEdge | undefined): number {
  const call = typeof edge?.from === "string" ? edge.from : edge?.to;
  return typeof call === "string" ? Number.parseInt(call.slice(0, 8), 16) : 0;
}
