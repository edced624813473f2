import type { Cell, Table } from "../table.ts";
import { groupRows, type Row, tableRows } from "./rows.ts";
import { ratio, type Sums, sumRows } from "./sums.ts";
import { field, type View } from "./view.ts";

const microseconds = (name: string, meaning: string) => field.number(name, "us", 2, meaning);

/** The columns of Linux Documentation/locking/lockstat.rst, after the class and its mode. */
const STAT_COLUMNS = [
  field.text("class name", "Class of locks; with a subclass from 1 on as class/1."),
  field.text("mode", "W for writers and R for readers of a class that has readers; empty for one that has none."),
  field.count("con-bounces", "Waits for a lock that another lane had last."),
  field.count("contentions", "Waits that ended, with the lock or without."),
  microseconds("waittime-min", "Shortest of these waits."),
  microseconds("waittime-max", "Longest of these waits."),
  microseconds("waittime-total", "All of these waits together."),
  microseconds("waittime-avg", "Their mean."),
  field.count("acq-bounces", "Acquisitions by another lane than the one before."),
  field.count("acquisitions", "Holds that ended."),
  microseconds("holdtime-min", "Shortest of these holds."),
  microseconds("holdtime-max", "Longest of these holds."),
  microseconds("holdtime-total", "All of these holds together."),
  microseconds("holdtime-avg", "Their mean."),
];

const POINT_COLUMNS = [
  field.text("class name", "As in the statistics."),
  field.text(
    "point",
    "waits: where lanes asked for the lock and waited; holds: where its holder had taken it meanwhile.",
  ),
  field.count("count", "Waits that began there, or met a hold from there."),
  field.text("place", "Function, file and line; what of them is known."),
];

export interface LockstatOptions {
  /** Classes, those with most contentions; 20 unless told. */
  readonly top?: number;
  /** Points of each kind and class, the most frequent ones; 4 unless told, as in the kernel. */
  readonly points?: number;
}

/** A class with its subclass, as lockstat lists it. */
interface ClassStat {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly all: Sums;
}

/**
 * Linux lockstat: its twelve columns by class, subclass and mode, most
 * contended class first; then where lanes waited and where what they waited
 * for was taken. Sessions count together.
 */
export function lockstatView(tables: readonly Table[], { top = 20, points = 4 }: LockstatOptions = {}): [View, View] {
  const classes = groupRows(tableRows(tables, "locks"), nameOf)
    .map((rows): ClassStat => ({ name: nameOf(rows[0]!), rows, all: sumRows(rows) }))
    .sort((a, b) => b.all.waits - a.all.waits || b.all.holds - a.all.holds || (a.name < b.name ? -1 : 1));
  const shown = classes.slice(0, top);
  const left = classes.length - shown.length;
  const pointsOf = pointsByClass(tableRows(tables, "points"));
  return [
    {
      title: "lock statistics",
      columns: STAT_COLUMNS,
      rows: shown.flatMap(statRows),
      notes: left === 0 ? [] : [`${left} more classes, none of them more contended`],
    },
    {
      title: "contention points",
      columns: POINT_COLUMNS,
      ...pointRows(
        shown.filter(({ all }) => all.waits > 0).map(({ name }) => name),
        pointsOf,
        points,
      ),
    },
  ];
}

function nameOf(row: Row): string {
  const subclass = row.number("subclass");
  return subclass === 0 ? row.text("class") : `${row.text("class")}/${subclass}`;
}

function statRows({ name, rows }: ClassStat): Cell[][] {
  const isReader = (row: Row) => row.text("mode") !== "exclusive";
  const [readers, writers] = [rows.filter(isReader), rows.filter((row) => !isReader(row))];
  const made: Cell[][] = [];
  if (writers.length > 0) made.push(statRow(name, readers.length > 0 ? "W" : "", sumRows(writers)));
  if (readers.length > 0) made.push(statRow(name, "R", sumRows(readers)));
  return made;
}

function statRow(name: string, mode: string, sums: Sums): Cell[] {
  return [
    name,
    mode,
    sums.waitBounces,
    sums.waits,
    micros(sums.waitMin),
    micros(sums.waitMax),
    micros(sums.waitTotal),
    micros(ratio(sums.waitTotal, sums.waits)),
    sums.acquiredBounces,
    sums.holds,
    micros(sums.holdMin),
    micros(sums.holdMax),
    micros(sums.holdTotal),
    micros(ratio(sums.holdTotal, sums.holds)),
  ];
}

/** Nanoseconds as microseconds, to the hundredth. */
function micros(nanoseconds: number): number {
  return Math.round(nanoseconds / 10) / 100;
}

/** How often, by class and kind and then by place. */
function pointsByClass(rows: readonly Row[]): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const key = `${row.text("point")} ${nameOf(row)}`;
    const places = counts.get(key) ?? new Map<string, number>();
    counts.set(key, places);
    const place = placeOf(row);
    places.set(place, (places.get(place) ?? 0) + row.number("count"));
  }
  return counts;
}

function placeOf(row: Row): string {
  const [name, file] = [row.text("function"), row.text("file")];
  if (file === "") return name || "(unknown)";
  const at = `${file}:${row.number("line")}`;
  return name === "" ? at : `${name} (${at})`;
}

function pointRows(
  classes: readonly string[],
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
  limit: number,
): Pick<View, "rows" | "notes"> {
  let left = 0;
  const rows = classes.flatMap((name) =>
    ["waits", "holds"].flatMap((point): Cell[][] => {
      const places = [...(counts.get(`${point} ${name}`) ?? [])].sort(
        ([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1),
      );
      left += Math.max(0, places.length - limit);
      return places.slice(0, limit).map(([place, times]) => [name, point, times, place]);
    }),
  );
  return { rows, notes: left === 0 ? [] : [`${left} more places, none of them more frequent in its class`] };
}
