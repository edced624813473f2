import { type Cell, column, type Table, type TableColumn } from "../table.ts";
import { CAUSES } from "./causes.ts";
import { addToSum, copyLane, settle } from "./lanes.ts";
import { copyProfile, type Profile } from "./profile.ts";
import { type Lane, type LaneSum, type ThreadSession, UNSURE } from "./state.ts";

const { text, count, nanoseconds, flag } = column;

/** Nanoseconds that were spent waiting for each cause. */
const CAUSE_COLUMNS: readonly TableColumn[] = CAUSES.map((cause) => nanoseconds(cause));

/** Lanes, by start; then sums of tasks by name. Times are since the session's start. */
const LANE_COLUMNS = [
  text("session"),
  /** Number in the session's dictionary; 0 for a sum. */
  count("lane"),
  /** Of the thread, or the task's. */
  text("name"),
  /** `thread`, `worker`, `task` or `fibre`. */
  text("kind"),
  /** Number of the lane that started it; 0 for none. */
  count("parent"),
  nanoseconds("start"),
  /** Of an open lane the time of the session's last record. */
  nanoseconds("end"),
  /** No record says that it ended. */
  flag("open"),
  /** `start`, `gap`, `end`: it began before its first record, records are missing, its end was not recorded. */
  text("unsure"),
  /** How many lanes the row stands for. */
  count("lanes"),
  count("records"),
  nanoseconds("lifetime"),
  nanoseconds("running"),
  ...CAUSE_COLUMNS,
];

/** Lane-nanoseconds of each bucket of time; divided by the bucket's width, how many lanes there are. */
const ACTIVITY_COLUMNS = [
  text("session"),
  nanoseconds("from"),
  nanoseconds("until"),
  nanoseconds("running"),
  ...CAUSE_COLUMNS,
];

/** `lanes` and `activity` as if the session ended with what was read. */
export function threadTables(session: string, state: ThreadSession): Table[] {
  const profile = copyProfile(state.profile);
  const sums = new Map([...state.sums].map(([key, sum]) => [key, { ...sum, waited: sum.waited.slice() }]));
  const rows: Cell[][] = [];
  for (const lane of [...state.listed].sort((a, b) => a.start - b.start || a.id - b.id)) {
    rows.push(laneRow(session, lane.ended ? lane : settled(lane, profile, state.now)));
  }
  for (const lane of state.lanes.values()) if (!lane.listed) addToSum(sums, settled(lane, profile, state.now));
  for (const sum of sums.values()) rows.push(sumRow(session, sum));
  return [
    { name: "lanes", columns: LANE_COLUMNS, rows },
    { name: "activity", columns: ACTIVITY_COLUMNS, rows: activityRows(session, profile) },
  ];
}

function settled(lane: Lane, profile: Profile, now: number): Lane {
  const copy = copyLane(lane);
  if (lane.doubted) copy.unsure |= UNSURE.gap;
  settle(copy, profile, now);
  return copy;
}

function laneRow(session: string, lane: Lane): Cell[] {
  const { id, name, kind, parent, start, last, ended, unsure, records, waited } = lane;
  const lifetime = last - start;
  const figures = [1, records, lifetime, lifetime - sumOf(waited), ...waited];
  return [session, id, name, kind, parent, start, last, !ended, unsureText(unsure), ...figures];
}

function sumRow(session: string, sum: LaneSum): Cell[] {
  const { name, kind, lanes, start, end, open, unsure, records, lifetime, waited } = sum;
  const figures = [lanes, records, lifetime, lifetime - sumOf(waited), ...waited];
  return [session, 0, name, kind, 0, start, end, open, unsureText(unsure), ...figures];
}

/** From the first bucket in which a lane exists to the last. */
function activityRows(session: string, { width, alive, waiting }: Profile): Cell[][] {
  const first = alive.findIndex((lived) => lived > 0);
  const last = alive.findLastIndex((lived) => lived > 0);
  if (first < 0) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const at = first + index;
    const waited = Float64Array.from(waiting, (buckets) => buckets[at]!);
    return [session, at * width, (at + 1) * width, alive[at]! - sumOf(waited), ...waited];
  });
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function unsureText(bits: number): string {
  return Object.entries(UNSURE)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name)
    .join(", ");
}
