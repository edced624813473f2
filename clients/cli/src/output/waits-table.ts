import { formatDuration } from "@wayward/base";
import type { ClientTable } from "@wayward/client";

/** The table `waits` for a person: a wait of which nobody knows how it went on has waited at least so long. */
export function withLeastTimes({ name, columns, rows }: ClientTable): ClientTable {
  const [waited, atLeast] = ["waited", "at_least"].map((title) => columns.findIndex((column) => column.name === title));
  return {
    name,
    columns: columns.filter((_, at) => at !== atLeast),
    rows: rows.map((row) => {
      const isLeast = row[atLeast!] === true;
      const cells = row.map((cell, at) =>
        isLeast && at === waited ? `at least ${formatDuration(BigInt(Math.round(Number(cell))))}` : cell,
      );
      return cells.filter((_, at) => at !== atLeast);
    }),
  };
}
