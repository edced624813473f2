import type { ClientTable } from "@wayward/client";

type Row = ClientTable["rows"][number];

/** A table for a person: without columns that say nothing in any row. */
export function withoutEmptyColumns({ name, columns, rows }: ClientTable): ClientTable {
  const places = columns.flatMap((_, at) => (rows.some((row) => !isNothing(row[at])) ? [at] : []));
  if (rows.length === 0) return { name, columns, rows };
  return {
    name,
    columns: places.map((at) => columns[at]!),
    rows: rows.map((row) => places.map((at) => row[at]!)),
  };
}

function isNothing(cell: Row[number] | undefined): boolean {
  return cell === undefined || cell === 0 || cell === "" || cell === false;
}

/** Spans of time in which the same was going on become one: columns `from` and `until`, beside them figures that are added up. */
export function withMergedSpans({ name, columns, rows }: ClientTable): ClientTable {
  const [from, until] = ["from", "until"].map((end) => columns.findIndex((column) => column.name === end)) as [
    number,
    number,
  ];
  const isFigure = (at: number) => at !== from && at !== until && columns[at]!.type === "number";
  const merged: (Row[number][] & Row)[] = [];
  /** The row that the last one of `merged` began with: its figures are those of one span. */
  let model: Row | undefined;
  for (const row of rows) {
    const last = merged.at(-1);
    const goesOn = last !== undefined && last[until] === row[from];
    if (goesOn && model!.every((cell, at) => at === from || at === until || cell === row[at])) {
      last[until] = row[until]!;
      for (const at of columns.keys()) if (isFigure(at)) last[at] = Number(last[at]) + Number(row[at]);
    } else {
      merged.push([...row]);
      model = row;
    }
  }
  return { name, columns, rows: merged };
}
