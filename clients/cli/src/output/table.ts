/** One column of a table on the terminal. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Rows under their titles, columns as wide as their widest cell. Nothing at all without rows. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => width(row[at] ?? ""))));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ right }, at) => pad(cells[at] ?? "", widths[at]!, right === true))
      .join("  ")
      .trimEnd();
  return `${[line(columns.map(({ title }) => title)), ...rows.map(line)].join("\n")}\n`;
}

function pad(cell: string, to: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, to - width(cell)));
  return right ? space + cell : cell + space;
}

/** Characters, not UTF-16 units; wide scripts still count as one. */
function width(text: string): number {
  return [...text].length;
}
