import { SEVERITIES } from "@wayward/record";
import { OrderCounts } from "./orders.ts";
import type { Evidence, ReportedFinding } from "./result.ts";

/** Records that a merged finding lists. */
const EVIDENCE_MAX = 64;

/**
 * Findings of several sessions, or told more than once, as one each: by rule
 * and fingerprint, earliest first, latest last, all sessions and evidence,
 * the worst severity; proven where one of them is. What is told again of the
 * same sessions counts as often as it was told with the most; what different
 * sessions have seen adds up.
 */
export class MergedFindings {
  /** By rule and fingerprint, then by sessions. */
  readonly #told = new Map<string, Map<string, ReportedFinding>>();

  add(finding: ReportedFinding): void {
    const key = keyOf(finding);
    const told = this.#told.get(key) ?? new Map<string, ReportedFinding>();
    this.#told.set(key, told);
    const sessions = finding.sessions.toSorted().join(" ");
    const before = told.get(sessions);
    told.set(sessions, before === undefined ? finding : merge([before, finding]));
  }

  /** What all that was added of this finding says together. */
  of(finding: Pick<ReportedFinding, "rule" | "fingerprint">): ReportedFinding | undefined {
    const told = this.#told.get(keyOf(finding));
    return told === undefined ? undefined : merge([...told.values()]);
  }

  /** Worst first, then by rule. */
  all(): ReportedFinding[] {
    return [...this.#told.values()].map((told) => merge([...told.values()])).sort(compareFindings);
  }
}

/** Findings merged, worst first, then by rule. */
export function mergeFindings(findings: Iterable<ReportedFinding>): ReportedFinding[] {
  const merged = new MergedFindings();
  for (const finding of findings) merged.add(finding);
  return merged.all();
}

function keyOf({ rule, fingerprint }: Pick<ReportedFinding, "rule" | "fingerprint">): string {
  return `${rule} ${fingerprint}`;
}

function compareFindings(a: ReportedFinding, b: ReportedFinding): number {
  const worse = rankOf(a) - rankOf(b);
  if (worse !== 0) return worse;
  const [left, right] = [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** At least one, all of one rule and fingerprint, as one; in time that grows with what they list. */
function merge(findings: readonly ReportedFinding[]): ReportedFinding {
  const worst = findings.reduce((one, next) => (rankOf(next) < rankOf(one) ? next : one));
  const orders = new OrderCounts();
  const sessions = new Set<string>();
  let count = 0;
  for (const finding of findings) {
    // What one session is in both for would count twice.
    const together = finding.sessions.some((session) => sessions.has(session)) ? Math.max : sum;
    count = together(count, finding.count);
    orders.add(finding.detail, together);
    for (const session of finding.sessions) sessions.add(session);
  }
  return {
    ...worst,
    count,
    first: findings.map(({ first }) => first).reduce((least, time) => (time < least ? time : least)),
    last: findings.map(({ last }) => last).reduce((most, time) => (time > most ? time : most)),
    sessions: [...sessions].sort(),
    locks: [...new Set(findings.flatMap(({ locks }) => locks))],
    evidence: unionOf(findings.map(({ evidence }) => evidence)),
    unproven: findings.some(({ unproven }) => unproven === "") ? "" : findings[0]!.unproven,
    detail: orders.putInto(worst.detail),
  };
}

function rankOf({ severity }: ReportedFinding): number {
  return SEVERITIES.indexOf(severity);
}

function sum(a: number, b: number): number {
  return a + b;
}

function unionOf(lists: readonly (readonly Evidence[])[]): Evidence[] {
  const byId = new Map<string, Evidence>();
  for (const id of lists.flat()) {
    byId.set(`${id.session} ${id.lane} ${id.eventNo}`, id);
    if (byId.size === EVIDENCE_MAX) break;
  }
  return [...byId.values()];
}
