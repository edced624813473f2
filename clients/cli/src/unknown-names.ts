import type { selection } from "@wayward/api";
import { familyOf } from "@wayward/record";

/** The names in a question that may be misspelt. */
export interface Question {
  readonly kinds?: readonly string[] | undefined;
  /** In the grammar of docs/filters.md, already accepted by the server. */
  readonly where?: string | undefined;
  readonly by?: readonly string[] | undefined;
  readonly measure?: string | undefined;
}

type Declared = Pick<selection.KindEntry, "name" | "fields">;

/** What every record has beside its fields; docs/filters.md. */
const COMMON = new Set(["kind", "text", "site", "function", "file", "trace_id"]);
/** Groups and measures that are no fields. */
const GROUPS = new Set(["kind", "family", "session", "host", "lane", "zone", "channel", "queue", "lock", "mode"]);
const MEASURES = new Set(["duration", "wait", "hold"]);

/**
 * Sentences about the names of a question that nothing in the archive has:
 * why its answer is empty. None where nothing is declared, for then the
 * question is not at fault.
 */
export function unknownNames(question: Question, declared: readonly Declared[]): string[] {
  if (declared.length === 0) return [];
  const { kinds = [], where = "", by = [], measure = "" } = question;
  const strangers = kinds.filter((name) => !declared.some((kind) => isOf(kind, name)));
  const asked = declared.filter((kind) => kinds.length === 0 || kinds.some((name) => isOf(kind, name)));
  const lacking = (name: string) =>
    strangers.length === 0 && fieldsOf(asked, name).length === 0
      ? [`no kind ${here(kinds)} has a field "${name}"`]
      : [];
  return [
    ...strangers.map(strangerText),
    ...comparisons(where).flatMap(({ field, value }) =>
      COMMON.has(field) ? [] : [...lacking(field), ...unknownLabel(fieldsOf(asked, field), value)],
    ),
    ...by.filter((name) => !GROUPS.has(name)).flatMap(lacking),
    ...(measure === "" || MEASURES.has(measure) ? [] : lacking(measure)),
  ];
}

function isOf({ name }: Declared, asked: string): boolean {
  return name === asked || familyOf(name) === asked;
}

function here(kinds: readonly string[]): string {
  return kinds.length === 0 ? "here" : `of ${kinds.join(", ")}`;
}

function strangerText(name: string): string {
  const several = name.includes(",") ? `; several are given as -k ${name.split(",").join(" ")}` : "";
  return `no kind or family "${name}" is here${several}`;
}

function fieldsOf(kinds: readonly Declared[], name: string): selection.FieldEntry[] {
  return kinds.flatMap(({ fields }) => fields.filter((field) => field.name === name));
}

/** Only where each field of that name is an enum: a text or number may have any value. */
function unknownLabel(fields: readonly selection.FieldEntry[], value: string | undefined): string[] {
  if (value === undefined || fields.length === 0 || fields.some(({ type }) => type !== "enum")) return [];
  const labels = [...new Set(fields.flatMap(({ detail }) => detail.split(",")))];
  if (labels.some((label) => label === value)) return [];
  return [`${fields[0]!.name} has no label "${value}": it is one of ${labels.join(", ")}`];
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[A-Za-z_][\w.-]*|-?\d[\w.µ]*|<=|>=|[!<>=~()]+/gu;
const OPERATOR = /^(?:=|!=|<|<=|>|>=|~)$/;

interface Comparison {
  readonly field: string;
  /** Undefined for a field by itself, and where only a part of the value is asked for. */
  readonly value: string | undefined;
}

/** The comparisons of a filter, whatever joins them. */
function comparisons(where: string): Comparison[] {
  const tokens = where.match(TOKEN) ?? [];
  const found: Comparison[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const field = tokens[at]!;
    if (!/^[A-Za-z_]/.test(field) || /^(?:and|or|not)$/i.test(field)) continue;
    const operator = tokens[at + 1] ?? "";
    if (!OPERATOR.test(operator)) {
      found.push({ field, value: undefined });
      continue;
    }
    const value = tokens[at + 2] ?? "";
    found.push({ field, value: operator === "~" ? undefined : value.replace(/^"(.*)"$/, "$1") });
    at += 2;
  }
  return found;
}
