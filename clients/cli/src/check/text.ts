import { findingText } from "../output/finding.ts";
import { suppressionText } from "../output/suppression.ts";
import type { BaselineEntry } from "./baseline.ts";
import type { Judged, Verdict } from "./verdict.ts";

/** A verdict for a person: each finding with what it rests on, what is accepted in a line, then the stale entries, then one line that counts. */
export function formatText({ judged, stale, counts }: Verdict): string {
  const parts = [...judged.map(judgedText), ...(stale.length > 0 ? [staleText(stale)] : []), `${countsText(counts)}\n`];
  return parts.join("\n");
}

/** A finding with what becomes of it; one that somebody has accepted is told in a line, so that the others are seen. */
export function judgedText(judged: Judged): string {
  const { finding, outcome } = judged;
  if (outcome !== "suppressed") return findingText(finding, { verdict: outcomeText(judged) });
  const { severity, rule, title, locks, fingerprint } = finding;
  return `${severity} ${rule}: ${title}: ${locks.join(", ")}, ${fingerprint}: ${outcomeText(judged)}\n`;
}

/** What becomes of a finding, and why. */
export function outcomeText({ outcome, entry, suppression }: Judged): string {
  const expired = [
    entry?.expires === undefined ? "" : `; the baseline accepted it until ${entry.expires}`,
    suppression?.expired === true ? `; it was suppressed until ${suppression.expires}` : "",
  ].join("");
  switch (outcome) {
    case "failed":
      return `fails${expired}`;
    case "passed":
      return `does not fail${expired}`;
    case "unproven":
      return `does not fail: it is unproven${expired}`;
    case "suppressed":
      if (suppression?.expired === false) return `suppressed ${suppressionText(suppression)}`;
      return `accepted by the baseline${until(entry)}: ${entry?.reason || "no reason is given"}`;
  }
}

function until(entry: BaselineEntry | undefined): string {
  return entry?.expires === undefined ? "" : ` until ${entry.expires}`;
}

function staleText(stale: readonly BaselineEntry[]): string {
  const lines = stale.map(
    ({ rule, title, locks, fingerprint }) => `  ${rule} ${fingerprint} ${title}: ${locks.join(", ")}`,
  );
  return ["Entries of the baseline that no finding matches any more:", ...lines, ""].join("\n");
}

function countsText({ failed, passed, unproven, suppressed }: Verdict["counts"]): string {
  const all = failed + passed + unproven + suppressed;
  if (all === 0) return "no findings";
  const parts = [`${failed} fail`, `${passed} do not fail`, `${unproven} unproven`, `${suppressed} suppressed`];
  return `${all} finding${all === 1 ? "" : "s"}: ${parts.filter((part) => !part.startsWith("0 ")).join(", ")}`;
}
