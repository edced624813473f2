import type { Dictionary } from "@wayward/block";
import { LOCK_MODES } from "@wayward/record";
import { type Cell, column, type Table } from "../table.ts";
import { contentionPoints } from "./blocking.ts";
import { rowOf } from "./holders.ts";
import { siteLine } from "./place-text.ts";
import { HELD, heldAt, RARE, rareAt, WAITED, waitsAt } from "./rows.ts";
import { siteText } from "./run.ts";
import type { ConditionCalls, Lock, LockSession } from "./state.ts";
import { USER, userOf } from "./users.ts";

const { text, count, nanoseconds } = column;

/** Contention of each lock, of writers and of readers: what lockstat's and splat's tables are made from. */
const LOCK_COLUMNS = [
  text("session"),
  text("class"),
  count("subclass"),
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
  /** Of every wait that began: how many lanes waited then, itself among them; divided by `waits_begun` the mean. */
  count("queue_total"),
  count("waits_begun"),
];

/** Sites where waits began, and where what they waited for was taken. */
const POINT_COLUMNS = [
  text("session"),
  text("class"),
  /** Of what was waited for. */
  count("subclass"),
  /** `waits` or `holds`. */
  text("point"),
  text("mode"),
  text("function"),
  text("file"),
  count("line"),
  count("count"),
];

/** Who used which lock; rows only where that detail was asked for. */
const USER_COLUMNS = [
  text("session"),
  text("class"),
  text("lock"),
  /** `function` or `lane`. */
  text("by"),
  /** The function's name, the place of one that has none, or the lane's name. */
  text("user"),
  text("mode"),
  count("holds"),
  nanoseconds("hold_total"),
  count("tries_failed"),
  count("waits"),
  nanoseconds("wait_total"),
  count("timeouts"),
];

/** Condition variables. */
const CONDITION_COLUMNS = [
  text("session"),
  text("class"),
  text("condition"),
  count("signals"),
  count("broadcasts"),
  /** Signals and broadcasts that met no waiter. */
  count("lost"),
  /** Waits that ended, woken or not. */
  count("waits"),
  count("timeouts"),
  nanoseconds("wait_min"),
  nanoseconds("wait_max"),
  nanoseconds("wait_total"),
  count("queue_max"),
  count("queue_total"),
  count("waits_begun"),
];

interface TableFacts {
  readonly session: string;
  readonly state: LockSession;
  readonly dictionary: Dictionary;
}

/** The tables of contention: `locks`, `points`, `users`, `conditions`. */
export function contentionTables(facts: TableFacts): Table[] {
  return [
    { name: "locks", columns: LOCK_COLUMNS, rows: lockRows(facts) },
    { name: "points", columns: POINT_COLUMNS, rows: pointRows(facts) },
    { name: "users", columns: USER_COLUMNS, rows: userRows(facts) },
    { name: "conditions", columns: CONDITION_COLUMNS, rows: conditionRows(facts) },
  ];
}

function allLocks({ locks, perLane }: LockSession): Lock[] {
  return [...locks.values(), ...perLane.values()];
}

/** Without any of these a lock was not used in a mode. */
function isUsed({ held, waited, rare }: Numbers): boolean {
  const { triesFailed, timeouts, upgrades, downgrades } = RARE;
  return (
    [held[HELD.holds], waited[WAITED.begun], waited[WAITED.waits]].some((number) => number !== 0) ||
    [triesFailed, timeouts, upgrades, downgrades].some((place) => rare[place] !== 0)
  );
}

/** Numbers of one mode of one or several rows: places as in HELD, WAITED and RARE. */
interface Numbers {
  readonly held: Float64Array;
  readonly waited: Float64Array;
  readonly rare: Float64Array;
}

const HELD_NUMBERS = Object.keys(HELD).length;
const WAITED_NUMBERS = Object.keys(WAITED).length;
const RARE_NUMBERS = Object.keys(RARE).length;

function numbersOf({ rows }: LockSession, row: number, mode: number): Numbers {
  const [held, waited, rare] = [heldAt(rows, row, mode), waitsAt(rows, row, mode), rareAt(row, mode)];
  return {
    held: rows.floats.slice(held, held + HELD_NUMBERS),
    waited: rows.floats.slice(waited, waited + WAITED_NUMBERS),
    rare: rows.rest.slice(rare, rare + RARE_NUMBERS),
  };
}

function addNumbers(into: Numbers, from: Numbers): void {
  addUp(into.held, from.held, [HELD.least], [HELD.most]);
  addUp(into.waited, from.waited, [WAITED.least], [WAITED.most, WAITED.queueMost]);
  addUp(into.rare, from.rare, [], [RARE.depthMost]);
}

function addUp(into: Float64Array, from: Float64Array, least: readonly number[], most: readonly number[]): void {
  for (const [place, number] of from.entries()) {
    if (least.includes(place)) into[place] = Math.min(into[place]!, number);
    else if (most.includes(place)) into[place] = Math.max(into[place]!, number);
    else into[place]! += number;
  }
}

/** Locks of one name count together: they cannot be told apart by who reads. */
function lockRows({ session, state }: TableFacts): Cell[][] {
  const sums = new Map<
    string,
    { readonly lock: Lock; readonly subclass: number; readonly modes: readonly Numbers[] }
  >();
  for (const lock of allLocks(state)) {
    if (lock.calls !== undefined) continue;
    for (const subclass of [0, ...(lock.nested?.keys() ?? [])]) {
      const row = rowOf(state, lock, subclass);
      const modes = [0, 1].map((mode) => numbersOf(state, row, mode));
      const key = [lock.base.name, lock.name, lock.type, subclass].join("\n");
      const known = sums.get(key);
      if (known === undefined) sums.set(key, { lock, subclass, modes });
      else for (const [mode, numbers] of known.modes.entries()) addNumbers(numbers, modes[mode]!);
    }
  }
  return [...sums.values()].flatMap(({ lock, subclass, modes }) =>
    modes.flatMap((numbers, mode) => {
      if (!isUsed(numbers)) return [];
      const { held, waited, rare } = numbers;
      const least = (number: number) => (number === Infinity ? 0 : number);
      return [
        [
          session,
          lock.base.name,
          subclass,
          lock.name,
          lock.type,
          LOCK_MODES[mode]!,
          held[HELD.bounces]!,
          waited[WAITED.bounces]!,
          waited[WAITED.waits]!,
          least(waited[WAITED.least]!),
          waited[WAITED.most]!,
          waited[WAITED.sum]!,
          held[HELD.holds]!,
          least(held[HELD.least]!),
          held[HELD.most]!,
          held[HELD.sum]!,
          rare[RARE.triesFailed]!,
          rare[RARE.upgrades]!,
          rare[RARE.downgrades]!,
          rare[RARE.timeouts]!,
          waited[WAITED.queueMost]!,
          rare[RARE.depthMost]!,
          waited[WAITED.queueSum]!,
          waited[WAITED.begun]!,
        ],
      ];
    }),
  );
}

function pointRows({ session, state, dictionary }: TableFacts): Cell[][] {
  return contentionPoints(state).map(({ cls, subclass, kind, mode, site, count: times }) => {
    const at = siteText({ dictionary }, { site, stack: 0 });
    return [session, cls, subclass, kind, LOCK_MODES[mode] ?? "", at.function, at.file, at.line, times];
  });
}

/** Sites of one function, and locks of one name, count together. */
function userRows({ session, state, dictionary }: TableFacts): Cell[][] {
  const sums = new Map<string, { readonly cells: Cell[]; readonly numbers: Float64Array }>();
  for (const lock of allLocks(state)) {
    for (const [key, numbers] of lock.users ?? []) {
      const { by, id, mode } = userOf(key);
      const place = { site: id, stack: 0 };
      const user =
        by === "lane"
          ? dictionary.name("lane", id)
          : siteText({ dictionary }, place).function || siteLine(dictionary, place) || "(unknown)";
      const cells = [session, lock.base.name, lock.name, by === "lane" ? "lane" : "function", user, LOCK_MODES[mode]];
      const known = sums.get(cells.join("\n"));
      if (known === undefined) sums.set(cells.join("\n"), { cells, numbers: numbers.slice() });
      else for (const [place, number] of numbers.entries()) known.numbers[place]! += number;
    }
  }
  return [...sums.values()].map(({ cells, numbers }) => [
    ...cells,
    numbers[USER.holds]!,
    numbers[USER.holdSum]!,
    numbers[USER.triesFailed]!,
    numbers[USER.waits]!,
    numbers[USER.waitSum]!,
    numbers[USER.timeouts]!,
  ]);
}

function conditionRows({ session, state }: TableFacts): Cell[][] {
  const sums = new Map<string, { readonly lock: Lock; readonly calls: ConditionCalls; readonly numbers: Numbers }>();
  for (const lock of allLocks(state)) {
    if (lock.calls === undefined) continue;
    const key = `${lock.base.name}\n${lock.name}`;
    const numbers = numbersOf(state, lock.row, 0);
    const known = sums.get(key);
    if (known === undefined) sums.set(key, { lock, calls: { ...lock.calls }, numbers });
    else {
      addNumbers(known.numbers, numbers);
      for (const call of ["signals", "broadcasts", "lost"] as const) known.calls[call] += lock.calls[call];
    }
  }
  return [...sums.values()].map(({ lock, calls, numbers: { waited, rare } }) => [
    session,
    lock.base.name,
    lock.name,
    calls.signals,
    calls.broadcasts,
    calls.lost,
    waited[WAITED.waits]!,
    rare[RARE.timeouts]!,
    waited[WAITED.waits] === 0 ? 0 : waited[WAITED.least]!,
    waited[WAITED.most]!,
    waited[WAITED.sum]!,
    waited[WAITED.queueMost]!,
    waited[WAITED.queueSum]!,
    waited[WAITED.begun]!,
  ]);
}
