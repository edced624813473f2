import type { Dictionary } from "@wayward/block";
import { addLife, type Profile } from "./profile.ts";
import { createWaited, type Lane, type LaneSum, leaveOut, type ThreadSession, UNSURE } from "./state.ts";
import { endAllWaits, removeWait } from "./waits.ts";

/** Lanes in all beyond which tasks are summed by name; as many again are listed of other kinds. */
const TASKS_LISTED_MAX = 10_000;
const LANES_LISTED_MAX = 20_000;
/** Lanes followed at the same time that are not listed. */
const UNLISTED_MAX = 65_536;
/** Names that sums are kept of, and the name of the rest. */
const SUMS_MAX = 1_000;
const FURTHER = "(further names)";
/** Ended lanes whose late records are known for what they are. */
const GONE_MAX = 16_384;

/** A lane is seen for the first time. Undefined if too many are alive to follow it. */
export function beginLane(
  session: ThreadSession,
  dictionary: Dictionary,
  id: number,
  start: number,
  eventNo: number,
): Lane | undefined {
  const { name, kind, parent } = dictionary.lane(id) ?? { name: `lane#${id}`, kind: "", parent: 0 };
  const listed = session.listed.length < (kind === "task" ? TASKS_LISTED_MAX : LANES_LISTED_MAX);
  if (!listed && session.unlisted >= UNLISTED_MAX) return undefined;
  const lane: Lane = {
    id,
    name,
    kind,
    parent,
    start,
    last: start,
    ended: false,
    listed,
    records: 0,
    next: eventNo,
    unsure: eventNo === 0 ? 0 : UNSURE.start,
    doubted: false,
    waits: [],
    stands: undefined,
    waited: createWaited(),
    frontier: start,
    gaps: [],
  };
  session.lanes.set(id, lane);
  session.gone.delete(id);
  if (listed) session.listed.push(lane);
  else session.unlisted++;
  return lane;
}

/** The lane ends: its figures are final. */
export function endLane(session: ThreadSession, lane: Lane, time: number): void {
  settle(lane, session.profile, time);
  lane.ended = true;
  if (lane.listed) return;
  addToSum(session.sums, lane);
  session.lanes.delete(lane.id);
  session.unlisted--;
  const { gone } = session;
  gone.add(lane.id);
  if (gone.size > GONE_MAX) gone.delete(gone.values().next().value!);
}

/** Counts the lane's life and open waits up to `time`. */
export function settle(lane: Lane, profile: Profile, time: number): void {
  lane.last = Math.max(lane.last, lane.frontier, time);
  endAllWaits(lane, profile, lane.last);
  addLife(profile, lane.start, lane.last);
  lane.gaps = [];
}

/** A lane's figures as if all ended now; the lane itself goes on. */
export function copyLane(lane: Lane): Lane {
  return { ...lane, waits: [...lane.waits], waited: lane.waited.slice(), gaps: [...lane.gaps] };
}

export function addToSum(sums: Map<string, LaneSum>, lane: Lane): void {
  const { name, kind, start, last, records, unsure, ended, waited } = lane;
  const sum = sumOf(sums, kind, name);
  sum.lanes++;
  sum.start = Math.min(sum.start, start);
  sum.end = Math.max(sum.end, last);
  sum.lifetime += last - start;
  sum.records += records;
  sum.unsure |= unsure;
  sum.open ||= !ended;
  for (let cause = 0; cause < waited.length; cause++) sum.waited[cause]! += waited[cause]!;
}

function sumOf(sums: Map<string, LaneSum>, kind: string, name: string): LaneSum {
  const key = `${kind}\n${name}`;
  const known = sums.get(key);
  if (known !== undefined) return known;
  if (sums.size >= SUMS_MAX && name !== FURTHER) return sumOf(sums, kind, FURTHER);
  const figures = { lanes: 0, start: Infinity, end: 0, lifetime: 0, records: 0, unsure: 0, open: false };
  const made: LaneSum = { name, kind, ...figures, waited: createWaited() };
  sums.set(key, made);
  return made;
}

/** Records between what is known and this one are missing: what was open may have ended there. */
export function noteHole(lane: Lane): void {
  lane.unsure |= UNSURE.gap;
  lane.stands = undefined;
  for (const wait of [...lane.waits]) if (!wait.told) removeWait(lane, wait);
}

/** Records of a lane that cannot be followed. */
export function leaveOutLane(session: ThreadSession, records: number): void {
  leaveOut(session, "records of lanes", records);
}
