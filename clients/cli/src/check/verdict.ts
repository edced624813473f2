import type { ReportedFinding } from "@wayward/analysis";
import { isExpired } from "../expiry.ts";
import type { Standing, Suppressions } from "../suppressions/known.ts";
import { type BaselineEntry, identityOf } from "./baseline.ts";
import { type Gate, isGated } from "./gate.ts";

/**
 * What becomes of a finding: `suppressed` by the baseline or on the server,
 * `unproven` because a hole in the records could change it, `failed` by the
 * gate, or `passed` since the gate is not about it.
 */
type Outcome = "failed" | "unproven" | "suppressed" | "passed";

export interface Judged {
  readonly finding: ReportedFinding;
  readonly outcome: Outcome;
  /** The baseline's entry for it, also where that has expired. */
  readonly entry: BaselineEntry | undefined;
  /** The server's suppression of it, also where that has expired. */
  readonly suppression: Standing | undefined;
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
  suppressions: Suppressions,
  now: number,
): Verdict {
  const entries = new Map(baseline.map((entry) => [identityOf(entry), entry]));
  const judged = findings.map((finding): Judged => {
    const entry = entries.get(identityOf(finding));
    const suppression = suppressions.of(finding);
    const accepted = isAccepted(entry, now) || suppression?.expired === false;
    return { finding, entry, suppression, outcome: accepted ? "suppressed" : outcomeOf(finding, gate) };
  });
  const matched = new Set(judged.map(({ entry }) => entry));
  const counts = { failed: 0, unproven: 0, suppressed: 0, passed: 0 };
  for (const { outcome } of judged) counts[outcome]++;
  return { judged, stale: baseline.filter((entry) => !matched.has(entry)), counts };
}

/** The baseline accepts it now. `now` in milliseconds since 1970. */
function isAccepted(entry: BaselineEntry | undefined, now: number): boolean {
  return entry !== undefined && !isExpired(entry.expires, now);
}

function outcomeOf(finding: ReportedFinding, gate: Gate): Outcome {
  if (finding.unproven !== "") return "unproven";
  return isGated(gate, finding) ? "failed" : "passed";
}
