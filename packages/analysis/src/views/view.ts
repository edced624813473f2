import type { Cell } from "../table.ts";

/** A column of a view: what people read over it, and what it means. */
export interface ViewColumn {
  /** The field in JSON: the title in lower case with words joined by `_`, `%` as `percent_`, `/s` as `_per_second`. */
  readonly name: string;
  /** What stands over it in text. */
  readonly title: string;
  readonly type: "text" | "number";
  /** UCUM code: `1` for counts, `us`, `s`, `%`, `/s`. */
  readonly unit: string;
  /** Digits after the point in text; JSON has the number as it is. */
  readonly digits: number;
  /** One sentence. */
  readonly meaning: string;
}

/** What an analysis tells, ready to be read: text and JSON are made from one value. */
export interface View {
  readonly title: string;
  readonly columns: readonly ViewColumn[];
  readonly rows: readonly (readonly Cell[])[];
  /** What a reader should know beside the rows: what is left out, and why. */
  readonly notes: readonly string[];
}

/** Short forms to declare columns with. */
export const field = {
  text: (title: string, meaning: string): ViewColumn => make(title, "text", "", 0, meaning),
  count: (title: string, meaning: string): ViewColumn => make(title, "number", "1", 0, meaning),
  number: (title: string, unit: string, digits: number, meaning: string): ViewColumn =>
    make(title, "number", unit, digits, meaning),
};

function make(title: string, type: ViewColumn["type"], unit: string, digits: number, meaning: string): ViewColumn {
  const name = title.toLowerCase().replace("%", "percent_").replace("/s", "_per_second").replaceAll(/[ -]/g, "_");
  return { name, title, type, unit, digits, meaning };
}

/** A view's rows as JSON has them: objects by column name. */
export function viewObjects({ columns, rows }: View): Record<string, Cell>[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]!])));
}
