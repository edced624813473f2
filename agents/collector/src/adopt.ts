import { endSession } from "./last-block.ts";
import { ABANDONED_AFTER_MS, claim, isSelf, judge, type Owner, readOwner } from "./spool/owner.ts";

/** Whose a spool is, from where this process stands. */
export type Standing =
  /** Written by a session of this process. */
  | { readonly type: "own" }
  /** Its writer is gone; this process has it now, as that generation of owners. */
  | { readonly type: "adopted"; readonly generation: number }
  /** Somebody else's, as far as can be told by now. */
  | { readonly type: "others" };

/** A program that the caller has started. */
export interface Child {
  /** 0 as long as it has not started. */
  pid: number;
  /** Its exit code or signal; undefined while it runs. */
  exit: string | undefined;
}

/** What the next look at a spool needs of this one. */
export interface Watched {
  readonly touchedMs: number;
  /** Own monotonic time, in milliseconds, when the file was first seen untouched since. */
  readonly sinceMs: number;
}

/**
 * Looks whose a spool is. If its owner is proven dead, or has not touched it
 * for a minute of this process's own clock, takes it over and ends the
 * session with a last block: losses nobody told of, and the end mark UNCLEAN.
 */
export function adoptIfDead(
  folder: string,
  session: string,
  watched: Map<string, Watched>,
  nowMs: number,
  child?: Child,
): Standing {
  const found = readOwner(folder);
  if (found === undefined) return { type: "others" };
  const { generation } = found.owner;
  if (isSelf(found.owner)) {
    if (generation === 0) return { type: "own" };
    // The disk may have been full when this process took it over.
    endSession(folder, session, exitOf(found.owner, child));
    return { type: "adopted", generation };
  }
  // Soon its parent knows how it ended.
  if (exitOf(found.owner, child) === undefined) return { type: "others" };
  if (!isGone(session, found, watched, nowMs)) return { type: "others" };
  // Another process may be faster: then it is the one to look at.
  if (!claim(folder, generation + 1)) return { type: "others" };
  endSession(folder, session, exitOf(found.owner, child));
  return { type: "adopted", generation: generation + 1 };
}

function isGone(
  session: string,
  { owner, touchedMs }: NonNullable<ReturnType<typeof readOwner>>,
  watched: Map<string, Watched>,
  nowMs: number,
): boolean {
  const verdict = judge(owner);
  if (verdict !== "unknown") return verdict === "dead";
  const before = watched.get(session);
  if (before === undefined || before.touchedMs !== touchedMs) {
    watched.set(session, { touchedMs, sinceMs: nowMs });
    return false;
  }
  return nowMs - before.sinceMs > ABANDONED_AFTER_MS;
}

/** How the child ended; undefined while nobody knows, empty for owners that are another process. */
function exitOf({ pid }: Owner, child: Child | undefined): string | undefined {
  return pid === child?.pid ? child.exit : "";
}
