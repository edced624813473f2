import { createHash } from "node:crypto";
import { fail, ok, type Result, unwrap } from "@wayward/base";
import { FIELD_TYPES, type Field, type FieldType, ROLES, type Role, TABLES, type Table } from "./field.ts";

/** One record shape. Its identity is name and hash; the same name with another hash is another version. */
export interface Kind {
  /** Dotted: `zone.begin`. The part before the first dot is the family. */
  readonly name: string;
  readonly fields: readonly Field[];
  /** The definition as text: what is hashed, stored in the dictionary and parsed again. */
  readonly text: string;
  /** First 8 bytes of SHA-256 over `text`, in hex. */
  readonly hash: string;
}

const KIND_NAME = /^[a-z][a-z0-9-]{0,31}(\.[a-z][a-z0-9-]{0,31}){1,3}$/;
const FIELD_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const WORD = /^[^|;,\n]{0,64}$/;
const FIELDS_MAX = 64;

/** Declares a kind. Throws INVALID_ARGUMENT / BAD_KIND if a name or field breaks the rules. */
export function defineKind(name: string, fields: readonly Field[]): Kind {
  return unwrap(checkKind(name, fields));
}

/** The family of a kind's name: `lock` of `lock.wait`. */
export function familyOf(kindName: string): string {
  const dot = kindName.indexOf(".");
  return dot < 0 ? kindName : kindName.slice(0, dot);
}

/**
 * Reads a definition's text: the name on the first line, then one line a
 * field, `name|type|role|unit|detail`, where detail is a ref's table or an
 * enum's labels with commas between.
 */
export function parseKind(text: string): Result<Kind> {
  const [name = "", ...lines] = text.split("\n");
  const fields: Field[] = [];
  for (const line of lines) {
    const parts = line.split("|");
    if (parts.length !== 5) return badKind(name, `field line "${line}" has ${parts.length} parts, not 5`);
    const [fieldName = "", type = "", role = "", unit = "", detail = ""] = parts;
    const base = { name: fieldName, type: type as FieldType, role: role as Role, unit };
    if (type === "ref") fields.push({ ...base, table: detail as Table });
    else if (type === "enum") fields.push({ ...base, labels: detail.split(",") });
    else fields.push(base);
  }
  return checkKind(name, fields);
}

function checkKind(name: string, fields: readonly Field[]): Result<Kind> {
  if (!KIND_NAME.test(name)) return badKind(name, `the name does not match ${KIND_NAME.source}`);
  if (fields.length > FIELDS_MAX) return badKind(name, `${fields.length} fields, at most ${FIELDS_MAX}`);
  const seen = new Set<string>();
  for (const field of fields) {
    const problem = fieldProblem(field, seen);
    if (problem !== undefined) return badKind(name, `field "${field.name}": ${problem}`);
    seen.add(field.name);
  }
  const text = [name, ...fields.map(fieldLine)].join("\n");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return ok({ name, fields, text, hash });
}

function fieldProblem(field: Field, seen: ReadonlySet<string>): string | undefined {
  if (!FIELD_NAME.test(field.name)) return `the name does not match ${FIELD_NAME.source}`;
  if (seen.has(field.name)) return "the name is there twice";
  if (!FIELD_TYPES.includes(field.type)) return `no type is called "${field.type}"`;
  if (!ROLES.includes(field.role)) return `no role is called "${field.role}"`;
  if (!WORD.test(field.unit)) return `the unit "${field.unit}" has a character it may not have`;
  if (field.type === "ref" && (field.table === undefined || !TABLES.includes(field.table))) {
    return `no table is called "${field.table}"`;
  }
  if (field.type === "enum") {
    if (field.labels === undefined || field.labels.length === 0) return "an enum needs labels";
    if (field.labels.length > 256 || !field.labels.every((label) => WORD.test(label)))
      return "a label breaks the rules";
  }
  return undefined;
}

function fieldLine(field: Field): string {
  const detail = field.table ?? field.labels?.join(",") ?? "";
  return [field.name, field.type, field.role, field.unit, detail].join("|");
}

function badKind(name: string, problem: string): { error: import("@wayward/base").WaywardError } {
  return fail("INVALID_ARGUMENT", "BAD_KIND", `kind "${name.slice(0, 80)}": ${problem}`);
}
