import type { Cell } from "../table.ts";
import type { View } from "./view.ts";

/** A view's cells as text has them. */
export function viewCells({ columns, rows }: View): string[][] {
  return rows.map((row) => row.map((cell, at) => cellText(cell, columns[at]!.digits)));
}

function cellText(cell: Cell, digits: number): string {
  return typeof cell === "number" ? cell.toFixed(digits) : String(cell);
}

/** Views as text: each under its title, columns as wide as their widest cell, numbers to the right, then its notes. */
export function viewText(views: readonly View[]): string {
  return views.map(oneText).join("\n");
}

function oneText(view: View): string {
  const { title, columns, notes } = view;
  const cells = viewCells(view);
  const widths = columns.map(({ title }, at) => Math.max(width(title), ...cells.map((row) => width(row[at]!))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => pad(cell, widths[at]!, columns[at]!.type === "number"))
      .join("  ")
      .trimEnd();
  const table = cells.length === 0 ? [] : [line(columns.map((column) => column.title)), ...cells.map(line)];
  return [title, ...table, ...notes].map((text) => `${text}\n`).join("");
}

function pad(cell: string, to: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, to - width(cell)));
  return right ? space + cell : cell + space;
}

/** Characters, not UTF-16 units; wide scripts still count as one. */
function width(text: string): number {
  return [...text].length;
}
