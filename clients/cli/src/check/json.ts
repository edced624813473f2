import { jsonLine } from "../output/json.ts";
import type { Judged, Verdict } from "./verdict.ts";

/**
 * A verdict for programs, one JSON value a line: each finding, each entry of
 * the baseline that none matches as `{stale}`, and `{verdict}` with the counts
 * last. Times are nanoseconds since 1970 as decimal text.
 */
export function formatJson({ judged, stale, counts }: Verdict): string {
  const values = [...judged.map(findingJson), ...stale.map((entry) => ({ stale: entry })), { verdict: counts }];
  return values.map(jsonLine).join("");
}

function findingJson({ finding, outcome, entry }: Judged): object {
  const { evidence, detail, ...facts } = finding;
  return {
    ...facts,
    outcome,
    baseline: entry === undefined ? undefined : { reason: entry.reason, expires: entry.expires },
    evidence: snakeCase(evidence),
    detail: snakeCase(detail),
  };
}

/** Renames the fields of plain data; values stay as they are. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCase(inner),
    ]),
  );
}
