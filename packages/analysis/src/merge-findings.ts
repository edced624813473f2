import { SEVERITIES } from "@wayward/record";
import type { Evidence, ReportedFinding } from "./result.ts";

/** Records that a merged finding lists. */
const EVIDENCE_MAX = 64;

/**
 * Findings of several sessions, or told more than once, as one each: by rule
 * and fingerprint, earliest first, latest last, all sessions and evidence,
 * the worst severity; proven where one of them is. Worst first, then by rule.
 */
export function mergeFindings(findings: Iterable<ReportedFinding>): ReportedFinding[] {
  const merged = new Map<string, ReportedFinding>();
  for (const finding of findings) {
    const key = `${finding.rule} ${finding.fingerprint}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? finding : mergeTwo(known, finding));
  }
  return [...merged.values()].sort(compareFindings);
}

function compareFindings(a: ReportedFinding, b: ReportedFinding): number {
  const worse = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  if (worse !== 0) return worse;
  const [left, right] = [`${a.rule} ${a.fingerprint}`, `${b.rule} ${b.fingerprint}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

function mergeTwo(a: ReportedFinding, b: ReportedFinding): ReportedFinding {
  const earlier = a.first <= b.first ? a : b;
  const isOfOthers = b.sessions.some((session) => !a.sessions.includes(session));
  const worst = SEVERITIES.indexOf(a.severity) <= SEVERITIES.indexOf(b.severity) ? a : b;
  return {
    ...worst,
    // A thing told again by its own session counts once.
    count: isOfOthers ? a.count + b.count : Math.max(a.count, b.count),
    first: earlier.first,
    last: a.last >= b.last ? a.last : b.last,
    sessions: [...new Set([...a.sessions, ...b.sessions])].sort(),
    locks: [...new Set([...a.locks, ...b.locks])],
    evidence: unionOf(a.evidence, b.evidence),
    unproven: a.unproven === "" || b.unproven === "" ? "" : a.unproven,
  };
}

function unionOf(a: readonly Evidence[], b: readonly Evidence[]): Evidence[] {
  const byId = new Map([...a, ...b].map((id) => [`${id.session} ${id.lane} ${id.eventNo}`, id]));
  return [...byId.values()].slice(0, EVIDENCE_MAX);
}
