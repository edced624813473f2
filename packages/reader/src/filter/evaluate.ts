import {
  type Column,
  type Dictionary,
  type KindColumns,
  messageAt,
  scalarText,
  textAt,
  valuesAt,
} from "@wayward/block";
import type { Expression, Literal, Operator } from "./parse.ts";

/** Tells whether record `place` of a kind passes. */
export type Test = (place: number) => boolean;

const TWO_32 = 0x1_0000_0000;

/** Makes a test for one kind's columns of one block. A field that the kind lacks passes no comparison. */
export function compileTest(expression: Expression, columns: KindColumns, dictionary: Dictionary): Test {
  if (expression.type === "not") {
    const inner = compileTest(expression.of, columns, dictionary);
    return (place) => !inner(place);
  }
  if (expression.type === "and" || expression.type === "or") {
    const left = compileTest(expression.left, columns, dictionary);
    const right = compileTest(expression.right, columns, dictionary);
    return expression.type === "and" ? (place) => left(place) && right(place) : (place) => left(place) || right(place);
  }
  const column = columns.columns.find(({ field }) => field.name === expression.field);
  if (expression.type === "has") return column === undefined ? never : compileHas(column);
  const { operator, value } = expression;
  if (column !== undefined) return compileColumn(column, operator, value, dictionary);
  const text = pseudoField(expression.field, columns, dictionary);
  return text === undefined ? never : (place) => compareTexts(text(place), operator, value.text);
}

const never: Test = () => false;

/** What every record has beside its fields. */
function pseudoField(
  name: string,
  columns: KindColumns,
  dictionary: Dictionary,
): ((place: number) => string) | undefined {
  const site = (place: number) => columns.sites?.[place] ?? 0;
  switch (name) {
    case "kind":
      return () => columns.kind.name;
    case "text":
      return (place) => messageAt(columns, place, dictionary);
    case "site":
      return (place) => dictionary.siteName(site(place));
    case "function":
      return (place) => dictionary.site(site(place))?.function ?? "";
    case "file":
      return (place) => dictionary.site(site(place))?.file ?? "";
    case "trace_id":
      return (place) => traceId(columns, place);
    default:
      return undefined;
  }
}

function traceId({ correlations }: KindColumns, place: number): string {
  const at = correlations?.present?.[place] ?? -1;
  if (correlations === undefined || at < 0) return "";
  return Buffer.from(correlations.bytes.subarray(at * 24, at * 24 + 16)).toString("hex");
}

function compileHas(column: Column): Test {
  const { present, field } = column;
  const isThere: Test = present === undefined ? () => true : (place) => present[place]! >= 0;
  if (column.shape !== "ints" || (field.type !== "bool" && field.type !== "ref")) return isThere;
  const { lo } = column.ints;
  return (place) => isThere(place) && lo[present === undefined ? place : present[place]!] !== 0;
}

function compileColumn(column: Column, operator: Operator, value: Literal, dictionary: Dictionary): Test {
  const test = compileValue(column, operator, value, dictionary);
  const { present } = column;
  if (present === undefined) return test;
  return (place) => present[place]! >= 0 && test(present[place]!);
}

/** A test by the value's place in its column. */
function compileValue(column: Column, operator: Operator, value: Literal, dictionary: Dictionary): Test {
  if (column.shape === "texts") {
    if (column.field.type === "string") return (at) => compareTexts(textAt(column.texts, at), operator, value.text);
    const { bytes, starts } = column.texts;
    return (at) => compareTexts(bytes.toString("hex", starts[at], starts[at + 1]), operator, value.text);
  }
  if (column.shape === "values") {
    return (at) => valuesAt(column.values, at).some((item) => compareTexts(scalarText(item), operator, value.text));
  }
  if (column.shape === "floats") {
    const { number } = value;
    return number === undefined ? never : (at) => compareNumbers(column.floats[at]!, operator, number);
  }
  return compileWhole(column, operator, value, dictionary);
}

function compileWhole(
  { field, ints: { lo, hi } }: Extract<Column, { shape: "ints" }>,
  operator: Operator,
  value: Literal,
  dictionary: Dictionary,
): Test {
  if (field.type === "ref") {
    // Ids repeat, so each is looked up once.
    const known = new Map<number, boolean>();
    return (at) => {
      const id = lo[at]!;
      let passes = known.get(id);
      if (passes === undefined) {
        passes = id !== 0 && compareTexts(dictionary.name(field.table ?? "string", id), operator, value.text);
        known.set(id, passes);
      }
      return passes;
    };
  }
  if (field.type === "enum") {
    const labels = field.labels ?? [];
    if (operator === "~") return (at) => (labels[lo[at]!] ?? "").includes(value.text);
    const index = labels.indexOf(value.text);
    // Labels are in order: level >= warn.
    return index < 0 ? (operator === "!=" ? () => true : never) : (at) => compareNumbers(lo[at]!, operator, index);
  }
  const { number } = value;
  if (number === undefined) return never;
  const signed = field.type === "i64" || field.type === "duration";
  return (at) => compareNumbers((signed ? hi[at]! | 0 : hi[at]!) * TWO_32 + lo[at]!, operator, number);
}

function compareNumbers(a: number, operator: Operator, b: number): boolean {
  switch (operator) {
    case "=":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      return String(a).includes(String(b));
  }
}

function compareTexts(a: string, operator: Operator, b: string): boolean {
  if (operator === "~") return a.includes(b);
  return compareNumbers(a < b ? -1 : a > b ? 1 : 0, operator, 0);
}
