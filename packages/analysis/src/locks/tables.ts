import type { Dictionary } from "@wayward/block";
import { LOCK_MODES } from "@wayward/record";
import { type Cell, column, type Table } from "../table.ts";
import { STAT, statsAt } from "./contention.ts";
import { siteText } from "./run.ts";
import type { Edge, Lock, LockSession, Place } from "./state.ts";

const { text, count, nanoseconds, flag } = column;

/** Contention of each lock, of writers and of readers: what lockstat's and splat's tables are made from. */
const LOCK_COLUMNS = [
  text("session"),
  text("class"),
  text("lock"),
  text("type"),
  /** `exclusive`, or `shared` for readers of both kinds. */
  text("mode"),
  count("acquired_bounces"),
  count("wait_bounces"),
  count("waits"),
  nanoseconds("wait_min"),
  nanoseconds("wait_max"),
  nanoseconds("wait_total"),
  count("holds"),
  nanoseconds("hold_min"),
  nanoseconds("hold_max"),
  nanoseconds("hold_total"),
  count("tries_failed"),
  count("upgrades"),
  count("downgrades"),
  count("timeouts"),
  count("queue_max"),
  count("depth_max"),
];

/** Sites where waits began, and where what they waited for was taken. */
const POINT_COLUMNS = [
  text("session"),
  text("class"),
  /** `waits` or `holds`. */
  text("point"),
  text("mode"),
  text("function"),
  text("file"),
  count("line"),
  count("count"),
];

const BLOCKED_COLUMNS = [
  text("session"),
  text("waiter"),
  text("holder"),
  text("lock"),
  count("count"),
  nanoseconds("wait_total"),
];

/** The order graph: `to` was acquired while `from` was held. */
const EDGE_COLUMNS = [
  text("session"),
  text("from"),
  text("to"),
  /** Of EN, ER, SN, SR: how it was held and how it was taken. */
  text("dependency"),
  count("count"),
  text("held_at"),
  text("taken_at"),
  text("held_by"),
  /** Other processes can meet at both. */
  flag("shared"),
];

/** Who waits at the end of what was read, and who has it. */
const WAIT_COLUMNS = [
  text("session"),
  text("lane"),
  text("lock"),
  text("mode"),
  nanoseconds("waited"),
  text("site"),
  text("holder"),
  text("holder_site"),
];

export interface TableFacts {
  readonly session: string;
  readonly state: LockSession;
  readonly dictionary: Dictionary;
}

export function lockTables(facts: TableFacts): Table[] {
  return [
    { name: "locks", columns: LOCK_COLUMNS, rows: lockRows(facts) },
    { name: "points", columns: POINT_COLUMNS, rows: pointRows(facts) },
    { name: "blocked", columns: BLOCKED_COLUMNS, rows: blockedRows(facts) },
    { name: "edges", columns: EDGE_COLUMNS, rows: edgeRows(facts) },
    { name: "waits", columns: WAIT_COLUMNS, rows: waitRows(facts) },
  ];
}

/** Locks of one name count together: they cannot be told apart by who reads. */
function lockRows({ session, state }: TableFacts): Cell[][] {
  const sums = new Map<string, { readonly lock: Lock; readonly stats: Float64Array }>();
  for (const lock of [...state.locks.values(), ...state.perLane.values()]) {
    if (lock.stats === undefined) continue;
    const key = `${lock.base.name}\n${lock.name}\n${lock.type}`;
    const known = sums.get(key);
    if (known === undefined) sums.set(key, { lock, stats: lock.stats.slice() });
    else addStats(known.stats, lock.stats);
  }
  return [...sums.values()].flatMap(({ lock, stats }) =>
    [0, 1].flatMap((mode) => {
      const at = (place: number) => stats[statsAt(mode) + place]!;
      if (at(STAT.holds) + at(STAT.waits) + at(STAT.triesFailed) === 0) return [];
      const least = (place: number) => (at(place) === Infinity ? 0 : at(place));
      return [
        [
          session,
          lock.base.name,
          lock.name,
          lock.type,
          LOCK_MODES[mode]!,
          at(STAT.acquiredBounces),
          at(STAT.waitBounces),
          at(STAT.waits),
          least(STAT.waitLeast),
          at(STAT.waitMost),
          at(STAT.waitSum),
          at(STAT.holds),
          least(STAT.holdLeast),
          at(STAT.holdMost),
          at(STAT.holdSum),
          at(STAT.triesFailed),
          at(STAT.upgrades),
          at(STAT.downgrades),
          at(STAT.timeouts),
          at(STAT.queueMost),
          at(STAT.depthMost),
        ],
      ];
    }),
  );
}

const LEAST = new Set<number>([STAT.waitLeast, STAT.holdLeast]);
const MOST = new Set<number>([STAT.waitMost, STAT.holdMost, STAT.queueMost, STAT.depthMost]);

function addStats(into: Float64Array, from: Float64Array): void {
  for (let at = 0; at < into.length; at++) {
    const place = at % statsAt(1);
    if (LEAST.has(place)) into[at] = Math.min(into[at]!, from[at]!);
    else if (MOST.has(place)) into[at] = Math.max(into[at]!, from[at]!);
    else into[at]! += from[at]!;
  }
}

function pointRows({ session, state, dictionary }: TableFacts): Cell[][] {
  return [...state.points.values()].map(({ cls, kind, mode, site, count: times }) => {
    const at = siteText({ dictionary }, { site, stack: 0 });
    return [session, cls, kind, LOCK_MODES[mode] ?? "", at.function, at.file, at.line, times];
  });
}

function blockedRows({ session, state, dictionary }: TableFacts): Cell[][] {
  return [...state.blocked.values()].map(({ waiter, holder, lock, count: times, nanoseconds: waited }) => [
    session,
    dictionary.name("lane", waiter),
    dictionary.name("lane", holder),
    lock,
    times,
    waited,
  ]);
}

const DEPENDENCIES = ["EN", "ER", "SN", "SR"];

function edgeRows({ session, state, dictionary }: TableFacts): Cell[][] {
  const edges: Edge[] = state.nodes.flatMap(({ out }) => [...out.values()]);
  return edges.map(({ from, to, bits, count: times, held, taken }) => [
    session,
    from.name,
    to.name,
    DEPENDENCIES.filter((_, bit) => (bits & (1 << bit)) !== 0).join(" "),
    times,
    siteLine(dictionary, held),
    siteLine(dictionary, taken),
    dictionary.name("lane", held.lane),
    from.shared !== "" && to.shared !== "",
  ]);
}

function waitRows({ session, state, dictionary }: TableFacts): Cell[][] {
  return [...state.lanes.values()].flatMap(({ waits }) =>
    waits.flatMap(({ lock, mode, at, lane }) => {
      const holders = lock.holds.length === 0 ? [undefined] : lock.holds;
      return holders.map((hold) => [
        session,
        dictionary.name("lane", lane.id),
        lock.name,
        LOCK_MODES[mode] ?? "",
        state.now - at.time,
        siteLine(dictionary, at),
        hold === undefined ? "" : dictionary.name("lane", hold.lane.id),
        hold === undefined ? "" : siteLine(dictionary, hold),
      ]);
    }),
  );
}

/** `function (file:line)`, or what of it is known. */
function siteLine(dictionary: Dictionary, { site, stack }: Pick<Place, "site" | "stack">): string {
  const { function: name, file, line } = siteText({ dictionary }, { site, stack });
  if (file === "") return name;
  return name === "" ? `${file}:${line}` : `${name} (${file}:${line})`;
}
