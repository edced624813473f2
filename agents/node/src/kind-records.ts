import type { FieldValue } from "@wayward/block";
import type { Field, Kind } from "@wayward/record";
import type { Recorder } from "./recorder.ts";
import { tell } from "./tell.ts";

const U64_MOST = 2n ** 64n - 1n;

/** Records of a kind, built-in or of the program. References to strings and labels of enums are given as text, others by number. */
export function kindRecords(recorder: Recorder, kind: Kind) {
  const { dictionary } = recorder.writer;
  const told = new Set<string>();
  const unsigned = (field: Field, value: FieldValue): FieldValue => {
    const problem = unsignedProblem(value);
    if (problem === undefined) return value;
    if (!told.has(field.name)) {
      told.add(field.name);
      tell(`${kind.name}: ${field.name} is ${value}, ${problem}; such values are left out`);
    }
    return undefined;
  };
  const record = (values: Readonly<Record<string, FieldValue>>) =>
    recorder.record(
      kind,
      kind.fields.map((field) => {
        const { name, type, table, labels } = field;
        const value = values[name];
        if (type === "u64") return unsigned(field, value);
        if (typeof value !== "string") return value;
        if (type === "enum") return (labels ?? []).indexOf(value);
        return type === "ref" && table === "string" ? dictionary.string(value) : value;
      }),
    );
  return { record };
}

/** Why 64 bits without a sign cannot hold a number: stored anyway it would be another one. */
function unsignedProblem(value: FieldValue): string | undefined {
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  if (value < 0) return "below 0";
  if (value > U64_MOST) return `above ${U64_MOST}`;
  return Number.isNaN(value) ? "no number" : undefined;
}
