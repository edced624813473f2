import { describe, expect, test } from "@jest/globals";
import { recordedFindings } from "../testing/recorded-findings.ts";
import { type BaselineEntry, baselineOf, formatBaseline, parseBaseline } from "./baseline.ts";
import { parseGate } from "./gate.ts";
import { judge } from "./verdict.ts";

const FINDINGS = recordedFindings();
const GATE = parseGate(["warning"]);
const at = (text: string) => Date.parse(text);

describe("the baseline", () => {
  const all = baselineOf(FINDINGS, []);
  const outcomes = (entries: readonly BaselineEntry[], now: number) =>
    Object.fromEntries(
      judge(FINDINGS, GATE, entries, now).judged.map(({ finding, outcome }) => [finding.rule, outcome]),
    );

  test("is read as it was written, sorted, one entry a finding", () => {
    expect(parseBaseline(formatBaseline(all), "baseline.json")).toEqual(all);
    expect(all.map(({ rule }) => rule)).toEqual(FINDINGS.map(({ rule }) => rule).sort());
    expect(formatBaseline(baselineOf(FINDINGS.toReversed(), []))).toBe(formatBaseline(all));
  });

  test("suppresses what it names, proven or not, through its last day", () => {
    expect(outcomes([], 0)).toEqual({
      "order.inversion": "failed",
      "misuse.unlock-not-held": "unproven",
      "misuse.held-at-exit": "failed",
      "held-over.io": "passed",
    });
    expect(new Set(Object.values(outcomes(all, 0)))).toEqual(new Set(["suppressed"]));
    const dated = all.map((entry) => ({ ...entry, expires: "2026-06-30" }));
    expect(outcomes(dated, at("2026-06-30T23:59:59.999Z"))["order.inversion"]).toBe("suppressed");
    expect(outcomes(dated, at("2026-07-01T00:00:00Z"))).toEqual(outcomes([], 0));
  });

  test("written anew it keeps reasons and last days, and drops what is not found", () => {
    const known = all.map((entry) => ({ ...entry, reason: "known since spring", expires: "2026-06-30" }));
    const gone = { ...known[0]!, fingerprint: "0".repeat(32) };
    const [first, ...others] = FINDINGS;
    const written = baselineOf([first!, ...others.slice(1)], [...known, gone]);
    expect(written).toEqual(known.filter(({ rule }) => rule !== others[0]!.rule));
  });

  test("tells entries that no finding matches", () => {
    const gone = { ...all[0]!, fingerprint: "0".repeat(32) };
    expect(judge(FINDINGS, GATE, [...all, gone], 0).stale).toEqual([gone]);
  });

  const entry = { ...all[0]! };
  const file = (...entries: object[]) => JSON.stringify({ version: 1, findings: entries });
  test.each<[string, string]>([
    ["{", "accepted.json: not JSON"],
    ["[]", "accepted.json: [] is no object"],
    ['{"version":2,"findings":[]}', "accepted.json: version is 2, known is 1"],
    ['{"version":1,"findings":{}}', "accepted.json: findings is {}, not a list"],
    ['{"version":1,"findings":[],"more":1}', 'accepted.json: no key is called "more"'],
    [
      file(entry, { ...entry, fingerprint: "xyz" }),
      `accepted.json: entry 2 (${entry.rule}): fingerprint is "xyz", not 32 hex`,
    ],
    [file({ ...entry, expires: "2026-02-30" }), 'expires is "2026-02-30", not a date'],
    [file({ ...entry, expires: "soon" }), 'expires is "soon", not a date'],
    [file({ ...entry, reason: undefined }), "reason is missing, not a text"],
    [file({ ...entry, locks: [1] }), "locks is [1], not a list of names"],
    [file({ ...entry, why: "" }), 'no key is called "why"'],
    [file(entry, entry), `entry 2 (${entry.rule}): it is entry 1 again`],
    [file({ ...entry, rule: 7 }), "entry 1: rule is 7, not the id"],
  ])("refuses %s and says where", (text, problem) => {
    expect(() => parseBaseline(text, "accepted.json")).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        reason: "BAD_BASELINE",
        message: expect.stringContaining(problem),
      }),
    );
  });
});
