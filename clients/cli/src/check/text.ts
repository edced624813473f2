import { findingText } from "../output/finding.ts";
import type { BaselineEntry } from "./baseline.ts";
import type { Judged, Verdict } from "./verdict.ts";

/** A verdict for a person: each finding with what it rests on, then the stale entries, then one line that counts. */
export function formatText({ judged, stale, counts }: Verdict): string {
  const parts = [...judged.map(judgedText), ...(stale.length > 0 ? [staleText(stale)] : []), `${countsText(counts)}\n`];
  return parts.join("\n");
}

/** A finding with what becomes of it. */
export function judgedText(judged: Judged): string {
  return findingText(judged.finding, outcomeText(judged));
}

/** What becomes of a finding, and why. */
export function outcomeText({ outcome, entry }: Judged): string {
  const expired = entry?.expires === undefined ? "" : `; the baseline accepted it until ${entry.expires}`;
  switch (outcome) {
    case "failed":
      return `fails${expired}`;
    case "passed":
      return `does not fail${expired}`;
    case "unproven":
      return `does not fail: it is unproven${expired}`;
    case "suppressed":
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
  const parts = [
    `${failed} fail`,
    `${passed} do not fail`,
    `${unproven} unproven`,
    `${suppressed} accepted by the baseline`,
  ];
  return `${all} finding${all === 1 ? "" : "s"}: ${parts.filter((part) => !part.startsWith("0 ")).join(", ")}`;
}
