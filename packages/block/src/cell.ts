import type { Field } from "@wayward/record";
import { textAt, valuesAt } from "./coding/texts.ts";
import type { Column, KindColumns } from "./columns/field.ts";
import type { Dictionary } from "./dictionary/reader.ts";
import type { Scalar } from "./stage.ts";

/** A field's value as a program works with it; undefined where the record lacks it. */
export type Cell = Scalar | readonly Scalar[] | undefined;

/**
 * The value of record `record` (counted among its kind) in a column. Whole
 * numbers of 64 bits are bigints, enums their label, references the text of
 * what they refer to; a reference to nothing is undefined.
 */
export function cellAt(column: Column, record: number, dictionary: Dictionary): Cell {
  const place = column.present === undefined ? record : column.present[record]!;
  if (place < 0) return undefined;
  if (column.shape === "values") return valuesAt(column.values, place);
  if (column.shape === "floats") return column.floats[place]!;
  if (column.shape === "texts") {
    if (column.field.type === "string") return textAt(column.texts, place);
    return column.texts.bytes.subarray(column.texts.starts[place], column.texts.starts[place + 1]);
  }
  return wholeCell(column.field, column.ints.lo[place]!, column.ints.hi[place]!, dictionary);
}

function wholeCell(field: Field, lo: number, hi: number, dictionary: Dictionary): Cell {
  switch (field.type) {
    case "bool":
      return lo !== 0;
    case "enum":
      return field.labels?.[lo] ?? `${field.name}#${lo}`;
    case "ref":
      return lo === 0 ? undefined : dictionary.name(field.table ?? "string", lo);
    case "i64":
    case "duration":
      return (BigInt(hi | 0) << 32n) | BigInt(lo);
    default:
      return (BigInt(hi) << 32n) | BigInt(lo);
  }
}

/**
 * The message of a record as a person reads it: a log's format with its
 * arguments, else the first field of role text; empty where it has none.
 */
export function messageAt(columns: KindColumns, record: number, dictionary: Dictionary): string {
  const column = columns.columns.find(({ field }) => field.role === "text");
  if (column === undefined) return "";
  const cell = cellAt(column, record, dictionary);
  if (!Array.isArray(cell)) return cell === undefined ? "" : scalarText(cell as Scalar);
  const site = columns.sites?.[record] ?? 0;
  return formatMessage(site === 0 ? "" : dictionary.siteName(site), cell);
}

/** Puts one argument in each `{}`; those left over follow, with spaces between. */
export function formatMessage(format: string, args: readonly Scalar[]): string {
  const literals = format.split("{}");
  let filled = literals[0]!;
  for (let place = 1; place < literals.length; place++) {
    filled += (place <= args.length ? scalarText(args[place - 1]!) : "{}") + literals[place]!;
  }
  if (args.length < literals.length) return filled;
  const rest = args.slice(literals.length - 1).map(scalarText);
  return filled === "" ? rest.join(" ") : [filled, ...rest].join(" ");
}

/** A scalar as text; bytes in hex. */
export function scalarText(value: Scalar): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return String(value);
}
