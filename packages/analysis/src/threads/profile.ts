import { CAUSES } from "./causes.ts";

/** Half of them are in use at least, once the session is longer than 64 ms. */
const BUCKETS = 128;
const LEAST_WIDTH_NS = 1_000_000;

/** Lane-nanoseconds by buckets of time since the session's start, all of one width. Plain data. */
export interface Profile {
  /** Nanoseconds: a power of two times 1 ms. */
  width: number;
  /** Of lanes that exist, by bucket. */
  readonly alive: Float64Array;
  /** Of lanes that wait, by cause and bucket. */
  readonly waiting: readonly Float64Array[];
}

export function createProfile(): Profile {
  const buckets = () => new Float64Array(BUCKETS);
  return { width: LEAST_WIDTH_NS, alive: buckets(), waiting: CAUSES.map(buckets) };
}

export function copyProfile({ width, alive, waiting }: Profile): Profile {
  return { width, alive: alive.slice(), waiting: waiting.map((buckets) => buckets.slice()) };
}

/** A lane exists from `from` to `to`, in nanoseconds since the session's start. */
export function addLife(profile: Profile, from: number, to: number): void {
  widen(profile, to);
  add(profile.alive, profile.width, from, to);
}

/** A lane waits from `from` to `to`, in nanoseconds since the session's start. */
export function addWait(profile: Profile, cause: number, from: number, to: number): void {
  widen(profile, to);
  add(profile.waiting[cause]!, profile.width, from, to);
}

function add(buckets: Float64Array, width: number, from: number, to: number): void {
  let begin = from;
  for (let at = Math.floor(from / width); begin < to; at++) {
    const end = Math.min(to, (at + 1) * width);
    buckets[at]! += end - begin;
    begin = end;
  }
}

/** Doubles the width until `to` has a bucket: edges of wide buckets are edges of narrow ones, so nothing is lost. */
function widen(profile: Profile, to: number): void {
  while (to > profile.width * BUCKETS) {
    profile.width *= 2;
    for (const buckets of [profile.alive, ...profile.waiting]) {
      for (let at = 0; at < BUCKETS / 2; at++) buckets[at] = buckets[at * 2]! + buckets[at * 2 + 1]!;
      buckets.fill(0, BUCKETS / 2);
    }
  }
}
