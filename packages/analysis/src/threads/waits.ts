import { addWait, type Profile } from "./profile.ts";
import type { Lane, OpenWait, ThreadSession } from "./state.ts";
import { leaveOut } from "./state.ts";

/** Numbers in a lane's list of gaps before the older ones are forgotten, and after. */
const GAPS_MAX = 64;
const GAPS_KEPT = 32;
/** Objects that one lane waits for at the same time. */
const WAITS_MAX = 1024;

/**
 * A lane has waited from `from` to `to`. Time counts once: where waits overlap
 * it belongs to the one that ended first, so that waits never add up to more
 * than the lane's life. A wait that began more than 16 gaps between waits ago
 * counts from there.
 */
export function countWait(lane: Lane, profile: Profile, cause: number, from: number, to: number): void {
  const begin = Math.max(from, lane.start);
  if (begin >= to) return;
  if (begin < lane.frontier) {
    chargeGaps(lane, begin, to, (a, b) => charge(lane, profile, cause, a, b));
    if (to <= lane.frontier) return;
  } else if (begin > lane.frontier) {
    lane.gaps.push(lane.frontier, begin);
    if (lane.gaps.length > GAPS_MAX) lane.gaps = lane.gaps.slice(-GAPS_KEPT);
  }
  charge(lane, profile, cause, Math.max(begin, lane.frontier), to);
  lane.frontier = to;
}

function charge(lane: Lane, profile: Profile, cause: number, from: number, to: number): void {
  lane.waited[cause]! += to - from;
  addWait(profile, cause, from, to);
}

/** Tells what lies between `from` and `to` and was not waited yet. */
function chargeGaps(lane: Lane, from: number, to: number, tell: (a: number, b: number) => void): void {
  const { gaps } = lane;
  let first = gaps.length;
  while (first > 0 && gaps[first - 1]! > from) first -= 2;
  const left: number[] = [];
  for (let at = first; at < gaps.length; at += 2) {
    const begin = gaps[at]!;
    const end = gaps[at + 1]!;
    const a = Math.min(Math.max(begin, from), end);
    const b = Math.max(Math.min(end, to), a);
    if (a < b) tell(a, b);
    if (begin < a) left.push(begin, a);
    if (b < end) left.push(b, end);
  }
  gaps.length = first;
  for (const time of left) gaps.push(time);
}

/** The lane's wait for that object; undefined without one. */
export function waitFor({ waits }: Lane, object: number): OpenWait | undefined {
  for (let at = 0; at < waits.length; at++) if (waits[at]!.object === object) return waits[at];
  return undefined;
}

/** Takes a wait out of the lane's list. */
export function removeWait({ waits }: Lane, wait: OpenWait): void {
  for (let at = waits.indexOf(wait); at < waits.length - 1; at++) waits[at] = waits[at + 1]!;
  waits.pop();
}

export function beginWait(session: ThreadSession, lane: Lane, object: number, cause: number, time: number): void {
  const known = waitFor(lane, object);
  if (known !== undefined) known.count++;
  else if (lane.waits.length >= WAITS_MAX) leaveOut(session, "waits of lanes", 1);
  else lane.waits.push({ object, cause, since: time, count: 1, told: false });
}

/** One wait for the object ends, if the lane has one. */
export function endWait({ profile }: ThreadSession, lane: Lane, object: number, time: number): void {
  const wait = waitFor(lane, object);
  if (wait === undefined) return;
  countWait(lane, profile, wait.cause, wait.since, time);
  wait.since = Math.max(wait.since, time);
  if (--wait.count === 0) removeWait(lane, wait);
}

/** The lane makes a record, so what it stood at has ended. */
export function goOn({ profile }: ThreadSession, lane: Lane, time: number): void {
  const { stands } = lane;
  if (stands === undefined) return;
  lane.stands = undefined;
  countWait(lane, profile, stands.cause, stands.since, time);
}

/** The lane ends, or is read to here: what it waits for counts until then. */
export function endAllWaits(lane: Lane, profile: Profile, time: number): void {
  const { stands, waits } = lane;
  const open: Pick<OpenWait, "cause" | "since">[] = [...waits];
  if (stands !== undefined) open.push(stands);
  for (const { cause, since } of open) countWait(lane, profile, cause, since, time);
  waits.length = 0;
  lane.stands = undefined;
}
