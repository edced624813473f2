import type { Cell, Table } from "../table.ts";
import { hasSeveralSessions, seconds } from "./lock-use.ts";
import { tableRows } from "./rows.ts";
import { ratio } from "./sums.ts";
import { field, type View } from "./view.ts";

const SESSION = field.text("session", "Session of both lanes.");

const COLUMNS = [
  field.text("waiter", "Lane that waited."),
  field.text("holder", "Lane that held the lock as the wait began."),
  field.text("lock", "Name of the lock."),
  field.count("count", "Waits that began while the holder had it."),
  field.number("total", "s", 9, "Time of those of these waits that this holder ended."),
  field.number("average", "s", 9, "Total by count."),
];

export interface BlockedOptions {
  /** Pairs of lanes; 50 unless told. */
  readonly top?: number;
}

/** Who blocks whom: waiting lane, holding lane and lock, longest time first. */
export function blockedView(tables: readonly Table[], { top = 50 }: BlockedOptions = {}): View {
  const several = hasSeveralSessions(tables);
  const rows = tableRows(tables, "blocked").toSorted(
    (a, b) => b.number("wait_total") - a.number("wait_total") || b.number("count") - a.number("count"),
  );
  const left = Math.max(0, rows.length - top);
  return {
    title: "who blocks whom",
    columns: several ? [SESSION, ...COLUMNS] : COLUMNS,
    rows: rows.slice(0, top).map((row): Cell[] => {
      const [count, total] = [row.number("count"), row.number("wait_total")];
      return [
        ...(several ? [row.text("session")] : []),
        ...["waiter", "holder", "lock"].map((name) => row.text(name)),
        count,
        seconds(total),
        seconds(ratio(total, count)),
      ];
    }),
    notes: left === 0 ? [] : [`${left} more pairs, none of them longer`],
  };
}
