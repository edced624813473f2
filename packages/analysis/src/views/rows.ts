import type { Cell, Table } from "../table.ts";

/** The rows of the table of that name; none where it is missing. */
export function tableRows(tables: readonly Table[], name: string): Row[] {
  return tables
    .filter((table) => table.name === name)
    .flatMap(({ columns, rows }) => {
      const places = new Map(columns.map((column, at) => [column.name, at]));
      return rows.map((row) => new Row(places, row));
    });
}

/** One row of a table, read by its columns' names. */
export class Row {
  readonly #places: ReadonlyMap<string, number>;
  readonly #cells: readonly Cell[];

  constructor(places: ReadonlyMap<string, number>, cells: readonly Cell[]) {
    this.#places = places;
    this.#cells = cells;
  }

  /** Empty where the table has no such column. */
  text(name: string): string {
    return String(this.#cells[this.#places.get(name) ?? -1] ?? "");
  }

  /** 0 where the table has no such column. */
  number(name: string): number {
    return Number(this.#cells[this.#places.get(name) ?? -1] ?? 0);
  }
}

/** Rows by the same key, in the order in which keys first come. */
export function groupRows(rows: readonly Row[], keyOf: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return [...groups.values()];
}
