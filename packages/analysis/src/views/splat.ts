import type { Cell, Table } from "../table.ts";
import { hasSeveralSessions, type LockUse, lockUses, observedBySession, seconds } from "./lock-use.ts";
import { tableRows } from "./rows.ts";
import { SPLAT_SORTS, type SplatSort, splatOrder } from "./splat-sort.ts";
import { ratio } from "./sums.ts";
import { field, type View } from "./view.ts";

const GROSS_COLUMNS = [
  field.text("type", "Type of lock; all locks in the first row, which leaves conditions out."),
  field.count("unique", "Different locks that were used."),
  field.count("acquisitions", "Holds that ended; of conditions the waits that were woken."),
  field.number("per second", "/s", 4, "Acquisitions in a second of the time observed."),
  field.number("wait seconds", "s", 6, "All waits for them together."),
];

const LOCK_COLUMNS = [
  field.text("lock", "Name of the lock."),
  field.text("class", "Its class."),
  field.text("type", "Its type."),
  field.count("acquisitions", "Holds that ended."),
  field.count("spins", "Tries that failed."),
  field.count("waits", "Waits that ended, with the lock or without."),
  field.number("%miss", "%", 4, "Tries that failed and waits, of these and the acquisitions."),
  field.number("%total", "%", 4, "Its share of the acquisitions of all locks."),
  field.number("locks/s", "/s", 3, "Acquisitions in a second of the time observed."),
  field.number("%held", "%", 4, "Time held of the time observed; holds of readers add up."),
  field.number("wait seconds", "s", 6, "All waits for it together."),
];

const SESSION_COLUMN = field.text("session", "Session of the lock.");

export interface SplatOptions {
  /** Key of SPLAT_SORTS; S unless told, as in splat. */
  readonly sort?: SplatSort;
  /** Locks in the summary; 10 unless told, as in splat. */
  readonly top?: number;
}

/** AIX splat's gross summary by type of lock, and its summary by lock. */
export function splatView(tables: readonly Table[], { sort = "S", top = 10 }: SplatOptions = {}): [View, View] {
  const uses = lockUses(tables);
  return [grossSummary(tables, uses), lockSummary(uses, hasSeveralSessions(tables), sort, top)];
}

function grossSummary(tables: readonly Table[], uses: readonly LockUse[]): View {
  const observed = observedBySession(tables);
  const span = [...observed.values()].reduce((sum, one) => sum + one, 0);
  const row = (type: string, some: readonly LockUse[]): Cell[] => {
    const acquisitions = totalOf(some);
    const waited = some.reduce((sum, { waitTotal }) => sum + waitTotal, 0);
    return [type, some.length, acquisitions, ratio(acquisitions, seconds(span)), seconds(waited)];
  };
  const types = [...new Set(uses.map(({ type }) => type))].sort();
  const conditions = tableRows(tables, "conditions");
  const passes = conditions.reduce((sum, one) => sum + one.number("waits") - one.number("timeouts"), 0);
  const slept = conditions.reduce((sum, one) => sum + one.number("wait_total"), 0);
  const last: Cell[] = ["condition", conditions.length, passes, ratio(passes, seconds(span)), seconds(slept)];
  return {
    title: "gross lock summary",
    columns: GROSS_COLUMNS,
    rows: [
      row("all locks", uses),
      ...types.map((type) =>
        row(
          type,
          uses.filter((use) => use.type === type),
        ),
      ),
      ...(conditions.length === 0 ? [] : [last]),
    ],
    notes: [observedNote(observed)],
  };
}

/** What shares and rates are taken of. */
export function observedNote(observed: ReadonlyMap<string, number>): string {
  const span = [...observed.values()].reduce((sum, one) => sum + one, 0);
  const of = observed.size === 1 ? "" : ` in ${observed.size} sessions together`;
  return `observed: ${seconds(span).toFixed(6)} s${of}`;
}

function lockSummary(uses: readonly LockUse[], several: boolean, sort: SplatSort, top: number): View {
  const all = totalOf(uses);
  const shown = uses.toSorted(splatOrder(sort)).slice(0, top);
  const left = uses.length - shown.length;
  return {
    title: `lock summary, sorted by ${SPLAT_SORTS[sort]}`,
    columns: several ? [SESSION_COLUMN, ...LOCK_COLUMNS] : LOCK_COLUMNS,
    rows: shown.map((use) => [...(several ? [use.session] : []), ...summaryRow(use, all)]),
    notes: left === 0 ? [] : [`${left} more locks`],
  };
}

function summaryRow(use: LockUse, all: number): Cell[] {
  return [
    use.name,
    use.cls,
    use.type,
    use.acquisitions,
    use.spins,
    use.waits,
    use.missPercent,
    100 * ratio(use.acquisitions, all),
    ratio(use.acquisitions, seconds(use.observed)),
    use.heldPercent,
    seconds(use.waitTotal),
  ];
}

function totalOf(uses: readonly LockUse[]): number {
  return uses.reduce((sum, { acquisitions }) => sum + acquisitions, 0);
}
