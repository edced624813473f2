import { type ReportedFinding, RULES } from "@wayward/analysis";
import { formatWall } from "@wayward/base";
import type { Severity } from "@wayward/record";
import { sitesOf } from "../output/cycle.ts";
import { locationOf, rootLocation, type SarifLocation, stackOf } from "./sarif-locations.ts";
import { outcomeText } from "./text.ts";
import type { Judged, Verdict } from "./verdict.ts";

/** What a log says of the check itself. */
export interface SarifFacts {
  /** This release. */
  readonly version: string;
  /** Absolute path of the folder that holds the sources: files below it are named relative to it. */
  readonly root: string;
}

/**
 * A verdict as a log by SARIF 2.1.0 (OASIS), for what shows findings beside
 * the code. A finding without a place in the code is located by its locks.
 */
export function formatSarif(verdict: Verdict, { version, root }: SarifFacts): string {
  const rules = [...new Set([...Object.keys(RULES), ...verdict.judged.map(({ finding }) => finding.rule)])];
  const run = {
    tool: { driver: { name: "wayward", version, rules: rules.map((id) => ruleOf(id, verdict)) } },
    originalUriBaseIds: { SRCROOT: rootLocation(root) },
    invocations: [{ executionSuccessful: true, toolExecutionNotifications: verdict.stale.map(staleNote) }],
    results: verdict.judged.map((judged) => resultOf(judged, rules, root)),
  };
  return `${JSON.stringify({ $schema: SCHEMA, version: "2.1.0", runs: [run] }, null, 2)}\n`;
}

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

const LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note", hint: "note" };

function ruleOf(id: string, { judged }: Verdict): object {
  const known = Object.entries(RULES).find(([rule]) => rule === id)?.[1];
  // A later server may find what this release has no rule for.
  const { title, severity } = known ?? judged.find(({ finding }) => finding.rule === id)!.finding;
  return {
    id,
    shortDescription: { text: title },
    help: { text: `docs/rules.md tells under ${id} why it is a fault and how to repair it.` },
    defaultConfiguration: { level: LEVELS[severity] },
  };
}

function resultOf(judged: Judged, rules: readonly string[], root: string): object {
  const { finding, outcome, entry } = judged;
  const sites = sitesOf(finding);
  const [first, ...others] = distinct(sites.filter(({ file }) => file !== "").map((site) => locationOf(site, root)));
  const level = LEVELS[finding.severity];
  const stacks = distinct(sites.filter(({ stack }) => stack.length > 0).map(stackOf));
  return {
    ruleId: finding.rule,
    ruleIndex: rules.indexOf(finding.rule),
    // What is unproven asks a person to look; SARIF gives that no level.
    ...(outcome === "unproven" ? { kind: "review", level: "none" } : { kind: "fail", level }),
    message: { text: outcome === "unproven" ? `${finding.message}. Unproven: ${finding.unproven}` : finding.message },
    locations: first === undefined ? locksLocations(finding) : [first],
    ...(others.length > 0 ? { relatedLocations: others } : {}),
    ...(stacks.length > 0 ? { stacks } : {}),
    partialFingerprints: { "waywardFinding/v1": finding.fingerprint },
    occurrenceCount: finding.count,
    suppressions: outcome === "suppressed" ? [{ kind: "external", justification: entry?.reason ?? "" }] : [],
    properties: {
      outcome: outcomeText(judged),
      locks: finding.locks,
      sessions: finding.sessions,
      first: formatWall(finding.first),
      last: formatWall(finding.last),
    },
  };
}

/** SARIF takes no list that says a thing twice, and two edges of a cycle may share a place. */
function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

function locksLocations({ locks }: ReportedFinding): SarifLocation[] {
  return locks.length === 0 ? [] : [{ logicalLocations: locks.map((name) => ({ name, kind: "resource" })) }];
}

function staleNote({ rule, fingerprint, title }: Verdict["stale"][number]): object {
  return {
    level: "note",
    message: { text: `The baseline's entry for ${rule} ${fingerprint} (${title}) matches no finding any more.` },
  };
}
