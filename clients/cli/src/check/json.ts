import { findingJson } from "../output/finding.ts";
import { jsonLine } from "../output/json.ts";
import type { Judged, Verdict } from "./verdict.ts";

/** A verdict for programs, one JSON value a line; docs/json.md. */
export function formatJson({ judged, stale, counts }: Verdict): string {
  const values = [...judged.map(judgedJson), ...stale.map((entry) => ({ stale: entry })), { verdict: counts }];
  return values.map(jsonLine).join("");
}

function judgedJson({ finding, outcome, entry }: Judged): object {
  const baseline = entry === undefined ? null : { reason: entry.reason, expires: entry.expires ?? null };
  return { ...findingJson(finding), outcome, baseline };
}
