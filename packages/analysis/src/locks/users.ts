import type { Lock, LockSession } from "./state.ts";

/** Places of the numbers of a function, or of a lane, that used a lock. Times are nanoseconds. */
export const USER = {
  /** Holds that ended. */
  holds: 0,
  holdSum: 1,
  triesFailed: 2,
  /** Waits that ended, with the lock or without. */
  waits: 3,
  waitSum: 4,
  /** Blocking attempts that ended without the lock. */
  timeouts: 5,
} as const;

const NUMBERS = 6;

/** Functions and lanes of all locks; what comes with more is counted as left out. */
const USERS_MAX = 100_000;

/** What a key stands for: a lane, or a site where lanes ask for the lock. */
export interface UserKey {
  readonly by: "lane" | "site";
  /** The lane's number, or the site's. */
  readonly id: number;
  /** 0 for writers, 1 for readers of both kinds. */
  readonly mode: 0 | 1;
}

function userKey({ by, id, mode }: UserKey): number {
  return id * 4 + (by === "lane" ? 2 : 0) + mode;
}

export function userOf(key: number): UserKey {
  return { by: (key & 2) === 0 ? "site" : "lane", id: Math.floor(key / 4), mode: (key & 1) as 0 | 1 };
}

/** Adds to one number of the lane, and of the site. */
export function countUser(
  session: LockSession,
  { lock, mode }: { readonly lock: Lock; readonly mode: number },
  lane: number,
  site: number,
  place: number,
  amount: number,
): void {
  const half = mode === 0 ? 0 : 1;
  for (const key of [userKey({ by: "lane", id: lane, mode: half }), userKey({ by: "site", id: site, mode: half })]) {
    const numbers = numbersOf(session, lock, key);
    if (numbers !== undefined) numbers[place]! += amount;
  }
}

function numbersOf(session: LockSession, lock: Lock, key: number): Float64Array | undefined {
  lock.users ??= new Map();
  const known = lock.users.get(key);
  if (known !== undefined) return known;
  if (session.users >= USERS_MAX) {
    session.leftOut.set("functions and lanes of locks", (session.leftOut.get("functions and lanes of locks") ?? 0) + 1);
    return undefined;
  }
  session.users++;
  const made = new Float64Array(NUMBERS);
  lock.users.set(key, made);
  return made;
}
