import type { block as api } from "@wayward/api";
import type { Dictionary } from "@wayward/block";
import type { SiteText } from "../finding.ts";
import { lockOfRow } from "../locks/holders.ts";
import { placeOf } from "../locks/rules/recursion.ts";
import { flowsText, hiddenText, siteText } from "../locks/run.ts";
import type { CallEdge, ClassNode, Edge, Lane, LockSession, Place, Taken } from "../locks/state.ts";

/**
 * What one session knows that matters to others: its order graph, and who
 * waits or has waited for what while holding what. Only sessions with locks
 * that other processes know too have one. Plain data.
 */
export interface SharedView {
  readonly session: string;
  /** Boot id: clocks of sessions that have the same align exactly. */
  readonly boot: string;
  readonly edges: readonly SharedEdge[];
  readonly waits: readonly SharedWait[];
  /** No more comes of it. Undefined where an older service says it. */
  readonly ended?: boolean;
}

/** Keys of what belongs to the session alone begin with its id; a call has an empty name. */
export interface SharedEdge {
  readonly from: SharedClass;
  readonly to: SharedClass;
  /** Bits of how it was held and taken. */
  readonly bits: number;
  readonly held: SharedPlace;
  readonly taken: SharedPlace;
  /** The lock's own name, where one end is a call; empty where both are. */
  readonly lock?: string;
  /** How often the session saw it; undefined where an end is a call, of which the first is kept, or an older service says it. */
  readonly count?: number;
  /** Why the order may not be real; empty where it is. */
  readonly doubt: string;
}

interface SharedClass {
  readonly key: string;
  readonly name: string;
}

/** A wait of a lane that holds locks. */
export interface SharedWait extends SharedTaken {
  /** Session and lane. */
  readonly lane: string;
  readonly holds: readonly SharedTaken[];
  /** Nanoseconds since 1970; undefined while it lasts. */
  readonly until: bigint | undefined;
  /** Why the lane may not have held all of these when it began to wait; empty where it did. */
  readonly doubt: string;
}

/** A lock that is held or waited for. */
export interface SharedTaken {
  readonly key: string;
  readonly name: string;
  readonly class: string;
  readonly mode: number;
  readonly at: SharedPlace;
}

/** A record of a session as reports show it. */
export interface SharedPlace extends SiteText {
  readonly session: string;
  /** The session's name and host. */
  readonly program: string;
  readonly host: string;
  readonly lane: string;
  readonly laneNumber: number;
  readonly eventNo: number;
  /** Nanoseconds since 1970. */
  readonly wall: bigint;
}

/** Whose view it is. */
export interface ViewOf {
  /** 26 characters. */
  readonly session: string;
  readonly description: api.SessionDescription | undefined;
  readonly dictionary: Dictionary;
  /** Aligned time of the session's start, in nanoseconds since 1970. */
  readonly origin: bigint;
  /** No more records come: who waits then waits no longer. */
  readonly ended: boolean;
}

/** Edges of one session that are looked at together with others'. */
const EDGES_MAX = 20_000;

/** True if a lock of the session is known to other processes, or is held or taken over calls. */
export function isSharing({ isShared, calls }: LockSession): boolean {
  return isShared || calls.length > 0;
}

/** Undefined where the session shares nothing. */
export function sharedView(state: LockSession, of: ViewOf): SharedView | undefined {
  if (!isSharing(state)) return undefined;
  const { session, description, origin, ended } = of;
  const names = new Names(of);
  const doubtOf = (...places: readonly Place[]) => flowsText(state, of.dictionary, places);
  const edgeDoubt = ({ from, held, taken, unsure }: Edge) =>
    doubtOf(held, taken) || (unsure ? hiddenText(from.name) : "");
  const edges = state.nodes.flatMap(({ out }) => [...out.values()]).slice(0, EDGES_MAX);
  const waitOf = (wait: Taken, holds: readonly Taken[], until: number | undefined): SharedWait => ({
    ...names.taken(wait),
    lane: `${session} ${wait.at.lane}`,
    holds: holds.map((hold) => names.taken(hold)),
    until: until === undefined ? undefined : origin + BigInt(Math.round(until)),
    doubt: doubtOf(wait.at),
  });
  const open = [...state.lanes.values()].flatMap((lane) =>
    lane.waits.map((wait) =>
      waitOf({ ...wait, lock: lockOfRow(state, wait) }, holdsOf(state, lane), ended ? state.now : undefined),
    ),
  );
  return {
    session,
    boot: description?.bootId ?? "",
    edges: [
      ...edges.map((edge) => names.edge(edge, edgeDoubt(edge))),
      ...state.calls.map((edge) => names.edge(edge, doubtOf(edge.held, edge.taken))),
    ],
    waits: [...state.endedWaits.map((wait) => waitOf(wait, wait.holds, wait.until)), ...open],
    ended,
  };
}

function holdsOf(state: LockSession, { holds }: Lane): Taken[] {
  return holds.map((hold) => ({ lock: lockOfRow(state, hold), mode: hold.mode, at: placeOf(hold) }));
}

/** What the session's numbers mean to others. */
class Names {
  readonly #of: ViewOf;

  constructor(of: ViewOf) {
    this.#of = of;
  }

  /** A class or lock that is known to others by `shared`, or to nobody else. */
  class(shared: string, name: string): SharedClass {
    const { session, description } = this.#of;
    if (shared === "") return { key: `${session} ${name}`, name };
    // The same name on another host, or in another container of this one, is another lock.
    const within = shared.startsWith("host ") ? `${description?.bootId} ${description?.host} ` : "";
    return { key: `${within}${shared}`, name };
  }

  edge(edge: Omit<CallEdge, "lock"> & { readonly lock?: string; readonly count?: number }, doubt: string): SharedEdge {
    const { from, to, bits, held, taken, lock, count } = edge;
    const [heldAt, takenAt] = [this.place(held), this.place(taken)];
    return {
      from: this.#end(from),
      to: this.#end(to),
      bits,
      held: heldAt,
      taken: takenAt,
      ...(lock !== undefined && { lock }),
      ...(count !== undefined && { count }),
      doubt,
    };
  }

  #end(end: ClassNode | string): SharedClass {
    return typeof end === "string" ? { key: `call ${end}`, name: "" } : this.class(end.shared, end.name);
  }

  taken({ lock, mode, at }: Taken): SharedTaken {
    return { ...this.class(lock.shared, lock.name), class: lock.base.name, mode, at: this.place(at) };
  }

  place(at: Place): SharedPlace {
    const { session, description, dictionary, origin } = this.#of;
    return {
      session,
      program: description?.name ?? "",
      host: description?.host ?? "",
      lane: dictionary.name("lane", at.lane),
      laneNumber: at.lane,
      eventNo: at.eventNo,
      wall: origin + BigInt(Math.round(at.time)),
      ...siteText({ dictionary }, at),
    };
  }
}
