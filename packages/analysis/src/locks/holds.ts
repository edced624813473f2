import { countAcquired } from "./contention.ts";
import { variantOf } from "./lookup.ts";
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
  for (let at = holds.length - 1; at >= 0; at--) if (holds[at]!.lock === lock) return holds[at];
  return undefined;
}

export function pushHold(
  run: Run,
  { lock, mode, subclass, tried, ticket }: Taken,
  at: Omit<Place, "lane"> = here(run),
): Hold {
  const { lane, session } = run;
  const variant = variantOf(session, lock, subclass);
  const hold: Hold = {
    lock,
    lane,
    mode,
    variant,
    level: lane.frames.length,
    tried,
    ticket,
    since: session.serial,
    depth: 1,
    pins: 0,
    before: lane.chain,
    unsure: lane.holed || lane.loop,
    excluded: undefined,
    resumed: 0,
    time: at.time,
    eventNo: at.eventNo,
    site: at.site,
    stack: at.stack,
  };
  lane.chain = childOf(session.chains, lane.chain, codeOf(variant.id, mode, tried));
  lane.holds.push(hold);
  lock.holds.push(hold);
  countAcquired(lock, mode, subclass, lane.id);
  return hold;
}

/** Takes a hold away from its lane and its lock. */
export function dropHold({ session }: Run, hold: Hold): void {
  const { lane, lock } = hold;
  const last = lane.holds.at(-1) === hold;
  lane.holds.splice(lane.holds.indexOf(hold), 1);
  lock.holds.splice(lock.holds.indexOf(hold), 1);
  if (last && hold.level === lane.frames.length) lane.chain = hold.before;
  else refreshChain(session, lane);
}
