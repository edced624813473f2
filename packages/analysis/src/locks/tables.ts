import type { Dictionary } from "@wayward/block";
import { LOCK_MODES } from "@wayward/record";
import { type Cell, column, type Table } from "../table.ts";
import { blockedPairs } from "./blocking.ts";
import { contentionTables } from "./contention-tables.ts";
import { holdersOf, lockOfRow } from "./holders.ts";
import { siteLine } from "./place-text.ts";
import type { Edge, LockSession } from "./state.ts";

const { text, count, nanoseconds, flag } = column;

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
  /** Nothing tells when the wait ended: the session's records end with it. */
  flag("at_least"),
];

/** What rates and shares are taken of. */
const SESSION_COLUMNS = [
  text("session"),
  /** From its start to the last record that was read. */
  nanoseconds("observed"),
  /** Of locks and lanes. */
  count("records"),
];

interface TableFacts {
  readonly session: string;
  /** Until when what waits has waited, in nanoseconds since the session's start. */
  readonly now: number;
  /** Nothing tells what the session did after that. */
  readonly isLost: boolean;
  readonly state: LockSession;
  readonly dictionary: Dictionary;
}

export function lockTables(facts: TableFacts): Table[] {
  return [
    { name: "sessions", columns: SESSION_COLUMNS, rows: [[facts.session, facts.state.now, facts.state.records]] },
    ...contentionTables(facts),
    { name: "blocked", columns: BLOCKED_COLUMNS, rows: blockedRows(facts) },
    { name: "edges", columns: EDGE_COLUMNS, rows: edgeRows(facts) },
    { name: "waits", columns: WAIT_COLUMNS, rows: waitRows(facts) },
  ];
}

function blockedRows({ session, state, dictionary }: TableFacts): Cell[][] {
  return blockedPairs(state).map(({ waiter, holder, lock, count: times, nanoseconds: waited }) => [
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

function waitRows({ session, state, dictionary, now, isLost }: TableFacts): Cell[][] {
  return [...state.lanes.values()].flatMap(({ waits }) =>
    waits.flatMap(({ row, mode, at, lane }) => {
      const lock = lockOfRow(state, { row });
      const holders = holdersOf(state, lock);
      return (holders.length === 0 ? [undefined] : holders).map((hold) => [
        session,
        dictionary.name("lane", lane.id),
        lock.name,
        LOCK_MODES[mode] ?? "",
        now - at.time,
        siteLine(dictionary, at),
        hold === undefined ? "" : dictionary.name("lane", hold.lane.id),
        hold === undefined ? "" : siteLine(dictionary, hold),
        isLost,
      ]);
    }),
  );
}
