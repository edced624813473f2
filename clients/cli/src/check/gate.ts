import { type ReportedFinding, RULES } from "@wayward/analysis";
import { WaywardError } from "@wayward/base";
import { SEVERITIES, type Severity } from "@wayward/record";

/** Which findings make a check fail. */
export interface Gate {
  /** This severity and every worse one; undefined where only rules are named. */
  readonly severity: Severity | undefined;
  /** Ids of rules. */
  readonly rules: ReadonlySet<string>;
}

/**
 * Reads what `--fail-on` was given: severities, ids of rules, and the begin of
 * ids with a star (`misuse.*`). Throws INVALID_ARGUMENT / BAD_OPTION for what
 * names no rule, since a misspelt gate would let everything pass.
 */
export function parseGate(values: readonly string[]): Gate {
  const severities = values.filter(isSeverity);
  const rules = values.filter((value) => !isSeverity(value)).flatMap(rulesOf);
  const least = Math.max(...severities.map((severity) => SEVERITIES.indexOf(severity)));
  return { severity: SEVERITIES[least], rules: new Set(rules) };
}

/** True if the gate is about this finding. Whether it is proven or suppressed is for others to say. */
export function isGated({ severity, rules }: Gate, finding: Pick<ReportedFinding, "rule" | "severity">): boolean {
  if (rules.has(finding.rule)) return true;
  return severity !== undefined && SEVERITIES.indexOf(finding.severity) <= SEVERITIES.indexOf(severity);
}

function isSeverity(value: string): value is Severity {
  return (SEVERITIES as readonly string[]).includes(value);
}

function rulesOf(value: string): string[] {
  const known = Object.keys(RULES);
  const prefix = value.endsWith("*") ? value.slice(0, -1) : undefined;
  const found = known.filter((rule) => (prefix === undefined ? rule === value : rule.startsWith(prefix)));
  if (found.length > 0) return found;
  const wanted = `a severity (${SEVERITIES.join(", ")}) or a rule such as order.inversion or misuse.*`;
  throw new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", `--fail-on is "${value.slice(0, 80)}", not ${wanted}`);
}
