/**
 * The built-in kinds as messages: proto/wayward/record/v1/<family>.proto says
 * in protobuf what packages/record says in TypeScript, for readers in other
 * languages. `node test/record-proto.ts` writes the files anew.
 */
import { writeFileSync } from "node:fs";
import { BUILTIN_KINDS, type Field, familyOf, type Kind } from "@wayward/record";

const PROTO_TYPES: Readonly<Record<Field["type"], string>> = {
  bool: "bool",
  i64: "sint64",
  u64: "uint64",
  f64: "double",
  string: "string",
  bytes: "bytes",
  time: "fixed64",
  duration: "sint64",
  enum: "uint32",
  ref: "uint32",
  values: "bytes",
};

/** Types that the protobuf type does not tell. */
const TOLD = new Set<Field["type"]>(["time", "duration", "values"]);

/** All files by family. */
export function recordProtos(): Map<string, string> {
  const families = Map.groupBy(BUILTIN_KINDS, ({ name }) => familyOf(name));
  return new Map(Array.from(families, ([family, kinds]) => [family, fileOf(family, kinds)]));
}

function fileOf(family: string, kinds: readonly Kind[]): string {
  const head = `// The built-in kinds of family ${family}, as packages/record declares them.
syntax = "proto3";

package wayward.record.v1;

import "wayward/record/v1/kind.proto";
`;
  return [head, ...kinds.map(messageOf)].join("\n");
}

function messageOf(kind: Kind): string {
  const fields = kind.fields.map((field, index) => {
    const name = `${PROTO_TYPES[field.type]} ${field.name} = ${index + 1}`;
    const options = optionsOf(field);
    if (options.length === 0) return `  ${name};`;
    if (options.length === 1) return `  ${name} [(field) = {${options[0]}}];`;
    return `  ${name} [(field) = {\n    ${options.join("\n    ")}\n  }];`;
  });
  const lines = [`message ${messageName(kind.name)} {`, `  option (kind) = "${kind.name}";`, ...fields, "}", ""];
  return lines.join("\n");
}

function optionsOf({ type, role, unit, table, labels }: Field): string[] {
  return [
    role === "" ? "" : `role: ROLE_${role.toUpperCase()}`,
    unit === "" ? "" : `unit: "${unit}"`,
    table === undefined ? "" : `table: TABLE_${table.toUpperCase()}`,
    TOLD.has(type) ? `type: "${type}"` : "",
    labels === undefined ? "" : `labels: "${labels.join(",")}"`,
  ].filter((option) => option !== "");
}

/** `lock.try-failed` as `LockTryFailed`. */
function messageName(kind: string): string {
  return kind.replaceAll(/(?:^|[.-])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

if (import.meta.main) {
  for (const [family, text] of recordProtos()) {
    writeFileSync(new URL(`../proto/wayward/record/v1/${family}.proto`, import.meta.url), text);
  }
}
