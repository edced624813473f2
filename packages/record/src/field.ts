/** The types a field may have. `values` is a list of mixed scalars: the arguments of a log format. */
export const FIELD_TYPES = [
  "bool",
  "i64",
  "u64",
  "f64",
  "string",
  "bytes",
  "time",
  "duration",
  "enum",
  "ref",
  "values",
] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

/** What a field is for; empty where it is plain data. */
export const ROLES = ["", "key", "measure", "begin", "end", "object", "cause", "text"] as const;
export type Role = (typeof ROLES)[number];

/** The dictionary's tables, in the order in which a block defines them. The position plus one is the table's number. */
export const TABLES = ["string", "module", "frame", "stack", "site", "lane", "kind", "object"] as const;
export type Table = (typeof TABLES)[number];

/** One field of a kind. */
export interface Field {
  /** `^[a-z][a-z0-9_]{0,63}$`. */
  readonly name: string;
  readonly type: FieldType;
  readonly role: Role;
  /** A UCUM code (`ns`, `By`, `1`), or empty. */
  readonly unit: string;
  /** For `ref`. */
  readonly table?: Table;
  /** For `enum`: what the numbers 0, 1, 2 … mean. */
  readonly labels?: readonly string[];
}

type Extra = { readonly role?: Role; readonly unit?: string };

function field(name: string, type: FieldType, extra: Extra): Field {
  return { name, type, role: extra.role ?? "", unit: extra.unit ?? "" };
}

/** Short forms to declare fields with. */
export const f = {
  bool: (name: string, extra: Extra = {}): Field => field(name, "bool", extra),
  i64: (name: string, extra: Extra = {}): Field => field(name, "i64", extra),
  u64: (name: string, extra: Extra = {}): Field => field(name, "u64", extra),
  f64: (name: string, extra: Extra = {}): Field => field(name, "f64", extra),
  string: (name: string, extra: Extra = {}): Field => field(name, "string", extra),
  bytes: (name: string, extra: Extra = {}): Field => field(name, "bytes", extra),
  time: (name: string, extra: Extra = {}): Field => field(name, "time", { unit: "ns", ...extra }),
  duration: (name: string, extra: Extra = {}): Field => field(name, "duration", { unit: "ns", ...extra }),
  values: (name: string, extra: Extra = {}): Field => field(name, "values", extra),
  enum: (name: string, labels: readonly string[], extra: Extra = {}): Field => ({
    ...field(name, "enum", extra),
    labels,
  }),
  ref: (name: string, table: Table, extra: Extra = {}): Field => ({ ...field(name, "ref", extra), table }),
};
