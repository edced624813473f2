import type { Table } from "../table.ts";
import { groupRows, type Row, tableRows } from "./rows.ts";
import type { Sortable } from "./splat-sort.ts";
import { ratio, type Sums, sumRows } from "./sums.ts";

/** Seconds in a nanosecond count. */
export function seconds(nanoseconds: number): number {
  return nanoseconds / 1e9;
}

/** How a lock, or who used it, fared: what splat tells of both. */
export interface Use extends Sortable {
  readonly waits: number;
  /** Attempts that ended without the lock: tries that failed, and waits that were given up. */
  readonly busy: number;
}

interface Counts {
  readonly holds: number;
  readonly holdTotal: number;
  readonly waits: number;
  readonly waitTotal: number;
  readonly triesFailed: number;
  readonly timeouts: number;
}

/**
 * A miss is an attempt that did not get the lock at once: a try that failed,
 * or a wait. The miss rate is splat's: misses of misses and acquisitions.
 * `observed` is how long the session was, in nanoseconds.
 */
export function useOf(name: string, counts: Counts, queueAverage: number, observed: number): Use {
  const misses = counts.triesFailed + counts.waits;
  return {
    name,
    acquisitions: counts.holds,
    spins: counts.triesFailed,
    waits: counts.waits,
    busy: counts.triesFailed + counts.timeouts,
    missPercent: 100 * ratio(misses, misses + counts.holds),
    heldPercent: 100 * ratio(counts.holdTotal, observed),
    waitPercent: 100 * ratio(counts.waitTotal, observed),
    waitTotal: counts.waitTotal,
    queueAverage,
  };
}

/** A lock of one session, over its subclasses, with its rows of the table `locks`. */
export interface LockUse extends Use {
  readonly session: string;
  readonly cls: string;
  readonly type: string;
  readonly rows: readonly Row[];
  readonly sums: Sums;
  /** Nanoseconds. */
  readonly observed: number;
}

export function lockUses(tables: readonly Table[]): LockUse[] {
  const observedOf = observedBySession(tables);
  const keyOf = (row: Row) => ["session", "class", "lock", "type"].map((name) => row.text(name)).join("\n");
  return groupRows(tableRows(tables, "locks"), keyOf).map((rows) => {
    const [row] = rows as [Row];
    const sums = sumRows(rows);
    const session = row.text("session");
    const observed = observedOf.get(session) ?? 0;
    return {
      ...useOf(row.text("lock"), sums, ratio(sums.queueTotal, sums.waitsBegun), observed),
      session,
      cls: row.text("class"),
      type: row.text("type") || "lock",
      rows,
      sums,
      observed,
    };
  });
}

/** How long each session was, in nanoseconds. */
export function observedBySession(tables: readonly Table[]): Map<string, number> {
  return new Map(tableRows(tables, "sessions").map((row) => [row.text("session"), row.number("observed")]));
}

/** True if rows have to say of which session they are. */
export function hasSeveralSessions(tables: readonly Table[]): boolean {
  return observedBySession(tables).size > 1;
}
