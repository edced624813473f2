import type { Cell, Table } from "../table.ts";
import { hasSeveralSessions, type LockUse, lockUses, observedBySession, seconds, type Use, useOf } from "./lock-use.ts";
import { groupRows, type Row, tableRows } from "./rows.ts";
import { observedNote } from "./splat.ts";
import { type SplatSort, splatOrder } from "./splat-sort.ts";
import { ratio, sumRows } from "./sums.ts";
import { field, type View, type ViewColumn } from "./view.ts";

const SESSION = field.text("session", "Session of the lock.");
const LOCK = field.text("lock", "Name of the lock.");
const MODE = field.text("mode", "exclusive for writers, shared for readers of both kinds.");

/** What splat tells of a lock, of a function and of a thread. */
const USE_COLUMNS = [
  field.count("acquisitions", "Holds that ended."),
  field.number("miss rate", "%", 3, "Tries that failed and waits, of these and the acquisitions."),
  field.count("spin", "Tries that failed."),
  field.count("wait", "Waits that ended, with the lock or without."),
  field.count("busy", "Attempts that ended without the lock: tries that failed, and waits that were given up."),
  field.number("%held", "%", 2, "Time held of the time observed; holds of readers add up."),
  field.number("%wait", "%", 2, "Time waited of the time observed; waits of several lanes add up."),
];

const ACTIVITY_COLUMNS = [
  field.text("class", "Its class."),
  field.text("type", "Its type."),
  MODE,
  ...USE_COLUMNS,
  field.count("upgrades", "Times that a reader's hold became a writer's; its whole time counts as the writer's."),
  field.count("downgrades", "Times that a writer's hold became a reader's; its whole time counts as the reader's."),
];

const nine = (name: string, meaning: string) => field.number(name, "s", 9, meaning);

const TIME_COLUMNS = [
  MODE,
  nine("held min", "Shortest hold."),
  nine("held avg", "Mean hold."),
  nine("held max", "Longest hold."),
  nine("held total", "All holds together."),
  nine("wait min", "Shortest wait."),
  nine("wait avg", "Mean wait."),
  nine("wait max", "Longest wait."),
  nine("wait total", "All waits together."),
  field.count("queue max", "Most lanes that waited at once."),
  field.number("queue avg", "1", 2, "Lanes that waited as a wait began, itself among them, on average."),
  field.count("recursion max", "Deepest hold: 1 unless its lane took it again; 0 if it was never held to its end."),
];

const CONDITION_COLUMNS = [
  field.text("condition", "Name of the condition variable."),
  field.count("signals", "Signals, which wake one waiter."),
  field.count("broadcasts", "Broadcasts, which wake all."),
  field.count("lost", "Signals and broadcasts that met no waiter."),
  field.count("waits", "Waits that ended."),
  field.count("timeouts", "Of these, those that nothing woke."),
  nine("wait min", "Shortest wait."),
  nine("wait avg", "Mean wait."),
  nine("wait max", "Longest wait."),
  nine("wait total", "All waits together."),
  field.count("queue max", "Most lanes that waited at once."),
  field.number("queue avg", "1", 2, "Lanes that waited as a wait began, itself among them, on average."),
];

export interface DetailOptions {
  /** Name of the lock or of a class: only these; without it the first ones of the order. */
  readonly lock?: string;
  /** Key of SPLAT_SORTS for locks, functions and lanes; S unless told, as in splat. */
  readonly sort?: SplatSort;
  /** Locks, and of each of them functions and lanes; 10 unless told, as in splat. */
  readonly top?: number;
}

/**
 * AIX splat's lock detail: how each lock fared, its times and depths, by
 * function and by lane, writers and readers apart; then condition variables.
 */
export function detailView(tables: readonly Table[], { lock, sort = "S", top = 10 }: DetailOptions = {}): View[] {
  const isAsked = (name: string, cls: string) => lock === undefined || lock === name || lock === cls;
  const asked = lockUses(tables)
    .filter(({ name, cls }) => isAsked(name, cls))
    .sort(splatOrder(sort));
  const shown = asked.slice(0, top);
  const left = asked.length - shown.length;
  const conditions = tableRows(tables, "conditions").filter((row) => isAsked(row.text("condition"), row.text("class")));
  const several = hasSeveralSessions(tables);
  const leading = several ? [SESSION, LOCK] : [LOCK];
  const own = (session: string, name: string) => (several ? [session, name] : [name]);
  const modes = shown.flatMap((use) => modesOf(use).map((mode) => ({ use, ...mode })));
  const missing = lock !== undefined && asked.length + conditions.length === 0;
  return [
    {
      title: "lock detail",
      columns: [...leading, ...ACTIVITY_COLUMNS],
      rows: modes.map(({ use, mode, rows }) => [
        ...own(use.session, use.name),
        use.cls,
        use.type,
        mode,
        ...activity(use, rows),
      ]),
      notes: [
        observedNote(observedBySession(tables)),
        ...(left === 0 ? [] : [`${left} more locks`]),
        ...(missing ? [`no lock and no class is called ${lock}`] : []),
      ],
    },
    {
      title: "times and depths",
      columns: [...leading, ...TIME_COLUMNS],
      rows: modes.map(({ use, mode, rows }) => [...own(use.session, use.name), mode, ...times(rows)]),
      notes: [],
    },
    userView(tables, "function", { shown, leading, own, sort, top }),
    userView(tables, "lane", { shown, leading, own, sort, top }),
    {
      title: "condition variables",
      columns: [...leading.slice(0, -1), ...CONDITION_COLUMNS],
      rows: conditions.map((row) => [...own(row.text("session"), row.text("condition")), ...conditionCells(row)]),
      notes: [],
    },
  ];
}

function modesOf({ rows }: LockUse): { readonly mode: string; readonly rows: readonly Row[] }[] {
  return groupRows(rows, (row) => row.text("mode")).map((some) => ({ mode: some[0]!.text("mode"), rows: some }));
}

function activity({ observed }: LockUse, rows: readonly Row[]): Cell[] {
  const sums = sumRows(rows);
  return [...useCells(useOf("", sums, 0, observed)), sums.upgrades, sums.downgrades];
}

function useCells(use: Use): Cell[] {
  const { acquisitions, missPercent, spins, waits, busy, heldPercent, waitPercent } = use;
  return [acquisitions, missPercent, spins, waits, busy, heldPercent, waitPercent];
}

function times(rows: readonly Row[]): Cell[] {
  const sums = sumRows(rows);
  return [
    seconds(sums.holdMin),
    seconds(ratio(sums.holdTotal, sums.holds)),
    seconds(sums.holdMax),
    seconds(sums.holdTotal),
    seconds(sums.waitMin),
    seconds(ratio(sums.waitTotal, sums.waits)),
    seconds(sums.waitMax),
    seconds(sums.waitTotal),
    sums.queueMax,
    ratio(sums.queueTotal, sums.waitsBegun),
    sums.depthMax === 0 && sums.holds > 0 ? 1 : sums.depthMax,
  ];
}

function conditionCells(row: Row): Cell[] {
  const [waits, total] = [row.number("waits"), row.number("wait_total")];
  return [
    ...["signals", "broadcasts", "lost"].map((name) => row.number(name)),
    waits,
    row.number("timeouts"),
    seconds(row.number("wait_min")),
    seconds(ratio(total, waits)),
    seconds(row.number("wait_max")),
    seconds(total),
    row.number("queue_max"),
    ratio(row.number("queue_total"), row.number("waits_begun")),
  ];
}

interface UserContext {
  readonly shown: readonly LockUse[];
  readonly leading: readonly ViewColumn[];
  readonly own: (session: string, lock: string) => Cell[];
  readonly sort: SplatSort;
  readonly top: number;
}

function userView(tables: readonly Table[], by: "function" | "lane", context: UserContext): View {
  const { shown, leading, own, sort, top } = context;
  const all = tableRows(tables, "users");
  const ofLock = new Map(
    groupRows(
      all.filter((row) => row.text("by") === by),
      keyOf,
    ).map((rows) => [keyOf(rows[0]!), rows]),
  );
  let left = 0;
  const rows = shown.flatMap((use) => {
    const users = (ofLock.get([use.session, use.cls, use.name].join("\n")) ?? [])
      .map((row) => ({ mode: row.text("mode"), ...userOf(row, use) }))
      .sort(splatOrder(sort));
    left += Math.max(0, users.length - top);
    return users
      .slice(0, top)
      .map((user): Cell[] => [...own(use.session, use.name), user.name, user.mode, ...useCells(user)]);
  });
  const notGathered = all.length === 0 && shown.length > 0;
  return {
    title: `${by} detail`,
    columns: [...leading, field.text(by, USER_MEANINGS[by]), MODE, ...USE_COLUMNS],
    rows,
    notes: [
      ...(left === 0 ? [] : [`${left} more ${by}s`]),
      ...(notGathered ? ["functions and lanes are counted only where detail is asked for"] : []),
    ],
  };
}

const USER_MEANINGS = {
  function: "Function that took the lock or asked for it; the place where no function is known.",
  lane: "Lane that took the lock or asked for it.",
} as const;

function keyOf(row: Row): string {
  return [row.text("session"), row.text("class"), row.text("lock")].join("\n");
}

function userOf(row: Row, { observed }: LockUse): Use {
  const counts = {
    holds: row.number("holds"),
    holdTotal: row.number("hold_total"),
    waits: row.number("waits"),
    waitTotal: row.number("wait_total"),
    triesFailed: row.number("tries_failed"),
    timeouts: row.number("timeouts"),
  };
  return useOf(row.text("user"), counts, counts.waits, observed);
}
