import type { Dictionary } from "@wayward/block";
import type { SiteText } from "../finding.ts";
import type { LockFold } from "../locks/fold.ts";
import { siteText } from "../locks/run.ts";
import type { Lane, LockSession, Place } from "../locks/state.ts";

/**
 * What one session knows that matters to others: its order graph and who
 * holds and waits for what now. Only sessions with locks that other
 * processes know too have one. Plain data.
 */
export interface SharedView {
  readonly session: string;
  readonly edges: readonly SharedEdge[];
  readonly holds: readonly SharedHold[];
  readonly waits: readonly SharedHold[];
}

/** Keys of what belongs to the session alone begin with its id. */
export interface SharedEdge {
  readonly from: SharedClass;
  readonly to: SharedClass;
  /** Bits of how it was held and taken. */
  readonly bits: number;
  readonly held: SharedPlace;
  readonly taken: SharedPlace;
}

interface SharedClass {
  readonly key: string;
  readonly name: string;
}

export interface SharedHold {
  /** Session and lane. */
  readonly lane: string;
  readonly lock: SharedClass;
  readonly mode: number;
  readonly at: SharedPlace;
}

/** A record of a session as reports show it. */
export interface SharedPlace extends SiteText {
  readonly session: string;
  readonly lane: string;
  readonly laneNumber: number;
  readonly eventNo: number;
  /** Nanoseconds since 1970. */
  readonly wall: bigint;
}

/** Edges of one session that are looked at together with others'. */
const EDGES_MAX = 20_000;

/** Undefined where no lock of the session is known to other processes. */
export function sharedView(
  session: string,
  { session: state }: Pick<LockFold, "session">,
  dictionary: Dictionary,
  origin: bigint,
): SharedView | undefined {
  if (![...state.locks.values()].some(({ shared }) => shared !== "")) return undefined;
  const place = (at: Place): SharedPlace => ({
    session,
    lane: dictionary.name("lane", at.lane),
    laneNumber: at.lane,
    eventNo: at.eventNo,
    wall: origin + BigInt(Math.round(at.time)),
    ...siteText({ dictionary }, at),
  });
  const keyOf = (shared: string, name: string) => ({ key: shared === "" ? `${session} ${name}` : shared, name });
  const edges = state.nodes.flatMap(({ out }) => [...out.values()]).slice(0, EDGES_MAX);
  return {
    session,
    edges: edges.map(({ from, to, bits, held, taken }) => ({
      from: keyOf(from.shared, from.name),
      to: keyOf(to.shared, to.name),
      bits,
      held: place(held),
      taken: place(taken),
    })),
    holds: lanesOf(state).flatMap((lane) =>
      lane.holds.map((hold) => ({
        lane: `${session} ${lane.id}`,
        lock: keyOf(hold.lock.shared, hold.lock.name),
        mode: hold.mode,
        at: place({ lane: lane.id, eventNo: hold.eventNo, time: hold.time, site: hold.site, stack: hold.stack }),
      })),
    ),
    waits: lanesOf(state).flatMap((lane) =>
      lane.waits.map(({ lock, mode, at }) => ({
        lane: `${session} ${lane.id}`,
        lock: keyOf(lock.shared, lock.name),
        mode,
        at: place(at),
      })),
    ),
  };
}

function lanesOf({ lanes }: LockSession): Lane[] {
  return [...lanes.values()];
}
