import type { ReportedFinding } from "@wayward/analysis";
import { type BaselineEntry, identityOf, isExpired } from "./baseline.ts";
import { type Gate, isGated } from "./gate.ts";

/**
 * What becomes of a finding: `suppressed` by the baseline, `unproven` because a
 * hole in the records could change it, `failed` by the gate, or `passed` since
 * the gate is not about it.
 */
type Outcome = "failed" | "unproven" | "suppressed" | "passed";

export interface Judged {
  readonly finding: ReportedFinding;
  readonly outcome: Outcome;
  /** The baseline's entry for it, also where that has expired. */
  readonly entry: BaselineEntry | undefined;
}

export interface Verdict {
  /** In the order in which they came. */
  readonly judged: readonly Judged[];
  /** Entries of the baseline that no finding matches. */
  readonly stale: readonly BaselineEntry[];
  readonly counts: Readonly<Record<Outcome, number>>;
}

/** Judges findings that are merged already. `now` in milliseconds since 1970 decides which entries have expired. */
export function judge(
  findings: readonly ReportedFinding[],
  gate: Gate,
  baseline: readonly BaselineEntry[],
  now: number,
): Verdict {
  const entries = new Map(baseline.map((entry) => [identityOf(entry), entry]));
  const judged = findings.map((finding): Judged => {
    const entry = entries.get(identityOf(finding));
    return { finding, entry, outcome: outcomeOf(finding, gate, entry, now) };
  });
  const matched = new Set(judged.map(({ entry }) => entry));
  const counts = { failed: 0, unproven: 0, suppressed: 0, passed: 0 };
  for (const { outcome } of judged) counts[outcome]++;
  return { judged, stale: baseline.filter((entry) => !matched.has(entry)), counts };
}

function outcomeOf(finding: ReportedFinding, gate: Gate, entry: BaselineEntry | undefined, now: number): Outcome {
  if (entry !== undefined && !isExpired(entry, now)) return "suppressed";
  if (finding.unproven !== "") return "unproven";
  return isGated(gate, finding) ? "failed" : "passed";
}
