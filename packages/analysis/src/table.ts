/** A column of a table; units are UCUM codes, `ns` for times and durations. */
export interface TableColumn {
  readonly name: string;
  readonly type: "text" | "number" | "flag";
  readonly unit: string;
}

export type Cell = string | number | boolean;

/** Rows of plain values: what an analysis tells beside its findings. */
export interface Table {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Short forms to declare columns with. */
export const column = {
  text: (name: string): TableColumn => ({ name, type: "text", unit: "" }),
  count: (name: string): TableColumn => ({ name, type: "number", unit: "1" }),
  nanoseconds: (name: string): TableColumn => ({ name, type: "number", unit: "ns" }),
  flag: (name: string): TableColumn => ({ name, type: "flag", unit: "" }),
};

/** A table's rows as objects by column name. */
export function rowsOf({ columns, rows }: Table): Record<string, Cell>[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]!])));
}
