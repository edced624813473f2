import { formatDuration } from "@wayward/base";
import type { Analyzed, ClientTable } from "@wayward/client";
import { jsonLine } from "./json.ts";
import { formatTable } from "./table.ts";
import { write } from "./write.ts";

/** A table of an analysis: for a person, or one object a row. */
export async function printTable(
  { tables }: Analyzed,
  name: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const table = tables.find((one) => one.name === name);
  if (table === undefined) return;
  if (json) for (const row of table.rows) await write(jsonLine(rowObject(table, row)));
  else await write(tableText(table));
}

function rowObject({ name, columns }: ClientTable, row: ClientTable["rows"][number]): object {
  return { table: name, ...Object.fromEntries(columns.map((column, at) => [column.name, row[at] ?? null])) };
}

function tableText({ columns, rows }: ClientTable): string {
  const heads = columns.map(({ name, type }) => ({
    title: name.toUpperCase().replaceAll("_", " "),
    right: type === "number",
  }));
  const cells = rows.map((row) => columns.map(({ unit }, at) => cellText(row[at] ?? "", unit)));
  return cells.length === 0 ? "none\n" : `${formatTable(heads, cells)}\n`;
}

function cellText(value: ClientTable["rows"][number][number], unit: string): string {
  if (typeof value === "number" && unit === "ns") return formatDuration(BigInt(Math.round(value)));
  if (typeof value === "boolean") return value ? "yes" : "";
  return value === "" ? "-" : String(value);
}
