import { formatWall } from "@wayward/base";
import type { BaselineEntry } from "./baseline.ts";
import { type CycleEdge, cycleOf, laneName, type Site, siteName } from "./sites.ts";
import { unsafeScenario } from "./unsafe-scenario.ts";
import type { Judged, Verdict } from "./verdict.ts";

/** A verdict for a person: each finding with what it rests on, then the stale entries, then one line that counts. */
export function formatText({ judged, stale, counts }: Verdict): string {
  const parts = [...judged.map(findingText), ...(stale.length > 0 ? [staleText(stale)] : []), countsText(counts)];
  return `${parts.join("\n\n")}\n`;
}

/** A finding with its verdict, its facts and, of an inversion, the cycle and how it hangs. */
export function findingText(one: Judged): string {
  const { finding } = one;
  const { severity, rule, title, message, count, first, last, sessions, locks, fingerprint } = finding;
  const seen =
    count === 1 ? `once, at ${formatWall(first)}` : `${count} times, ${formatWall(first)} to ${formatWall(last)}`;
  const facts: [string, string][] = [
    ["verdict", outcomeText(one)],
    ["locks", locks.join(", ")],
    ["sessions", sessions.join(", ")],
    ["seen", seen],
    ["fingerprint", fingerprint],
  ];
  return [
    `${severity} ${rule}: ${title}`,
    `  ${message}`,
    ...facts.filter(([, value]) => value !== "").map(([name, value]) => `  ${name.padEnd(12)}${value}`),
    ...cycleText(cycleOf(finding)),
  ].join("\n");
}

/** What becomes of a finding, and why, in a sentence. */
export function outcomeText({ outcome, finding, entry }: Judged): string {
  const expired = entry?.expires === undefined ? "" : `; the baseline accepted it until ${entry.expires}`;
  switch (outcome) {
    case "failed":
      return `fails${expired}`;
    case "passed":
      return `does not fail${expired}`;
    case "unproven":
      return `unproven, does not fail: ${finding.unproven}${expired}`;
    case "suppressed":
      return `accepted by the baseline${until(entry)}: ${entry?.reason || "no reason is given"}`;
  }
}

function until(entry: BaselineEntry | undefined): string {
  return entry?.expires === undefined ? "" : ` until ${entry.expires}`;
}

function cycleText(cycle: readonly CycleEdge[]): string[] {
  if (cycle.length === 0) return [];
  return [
    "",
    "  The cycle:",
    ...cycle.flatMap(edgeText),
    "",
    "  Possible unsafe scenario:",
    "",
    ...unsafeScenario(cycle).map((line) => `    ${line}`),
  ];
}

function edgeText({ from, to, held, taken, count }: CycleEdge, index: number): string[] {
  const often = count === undefined ? "" : `, seen ${count} times`;
  return [
    "",
    `  ${index + 1}. ${to} is taken while ${from} is held${often}`,
    ...siteText(`${from} taken`, held),
    ...siteText(`${to} taken`, taken),
  ];
}

function siteText(what: string, site: Site): string[] {
  const lane = site.lane === "" ? "" : ` by ${laneName(site)}`;
  const when = site.when === "" ? "" : `, ${site.when}`;
  const where = site.stack.length > 0 ? site.stack : [siteName(site)].filter((name) => name !== "");
  return [`     ${what}${lane}${when}`, ...where.map((frame) => `       at ${frame}`)];
}

function staleText(stale: readonly BaselineEntry[]): string {
  const lines = stale.map(
    ({ rule, title, locks, fingerprint }) => `  ${rule} ${fingerprint} ${title}: ${locks.join(", ")}`,
  );
  return ["Entries of the baseline that no finding matches any more:", ...lines].join("\n");
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
