import { countAcquired } from "./contention.ts";
import { addHolder, removeHolder, rowOf } from "./holders.ts";
import { variantOf } from "./lookup.ts";
import { newHold, settle } from "./open-lanes.ts";
import { childOf } from "./order/chains.ts";
import { codeOf, refreshChain } from "./order/lane-chain.ts";
import { here, type Run } from "./run.ts";
import type { Hold, Lane, Lock, Place } from "./state.ts";

/** How a lock was taken. */
export interface Taken {
  readonly lock: Lock;
  readonly mode: number;
  readonly subclass: number;
  readonly tried: boolean;
  /** Wound/wait ticket; 0 without. */
  readonly ticket: number;
}

/** The lane's hold of a lock that it has not lent to a condition's wait. */
export function ownHold({ holds }: Lane, lock: Lock): Hold | undefined {
  for (let at = holds.length - 1; at >= 0; at--) if (holds[at]!.row === lock.row) return holds[at];
  return undefined;
}

export function pushHold(
  run: Run,
  { lock, mode, subclass, tried, ticket }: Taken,
  at: Omit<Place, "lane"> = here(run),
): Hold {
  const { lane, session } = run;
  settle(session, lane);
  const variant = variantOf(session, lock, subclass);
  const hold = newHold(session, lock.row, lane, variant.id);
  hold.counted = rowOf(session, lock, subclass);
  hold.mode = mode;
  hold.level = lane.frames.length;
  hold.tried = tried;
  hold.ticket = ticket;
  hold.since = session.serial;
  hold.before = lane.chain;
  hold.unsure = lane.holed || lane.loop;
  hold.time = at.time;
  hold.eventNo = at.eventNo;
  hold.site = at.site;
  hold.stack = at.stack;
  lane.chain = childOf(session.chains, lane.chain, codeOf(variant.id, mode, tried));
  lane.holds.push(hold);
  addHolder(session, hold);
  countAcquired(session, hold.row, hold.counted, mode, lane.id);
  return hold;
}

/** Takes a hold away from its lane and its lock. */
export function dropHold({ session }: Run, hold: Hold): void {
  const { lane } = hold;
  settle(session, lane);
  const last = lane.holds.at(-1) === hold;
  lane.holds.splice(lane.holds.indexOf(hold), 1);
  removeHolder(session, hold);
  if (last && hold.level === lane.frames.length) lane.chain = hold.before;
  else refreshChain(session, lane);
}
