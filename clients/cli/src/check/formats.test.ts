import { describe, expect, test } from "@jest/globals";
import type { ReportedFinding } from "@wayward/analysis";
import { RULES } from "@wayward/analysis";
import { junitProblems, sarifProblems } from "@wayward/testing";
import { Suppressions } from "../suppressions/known.ts";
import { recordedFindings } from "../testing/recorded-findings.ts";
import { type BaselineEntry, baselineOf } from "./baseline.ts";
import { parseGate } from "./gate.ts";
import { formatJson } from "./json.ts";
import { formatJunit } from "./junit.ts";
import { formatSarif } from "./sarif.ts";
import { formatText } from "./text.ts";
import { judge } from "./verdict.ts";

const FINDINGS = recordedFindings();
const NONE = new Suppressions([], 0);
const FACTS = { time: Date.parse("2026-05-02T10:00:00Z"), failOn: ["warning"] };
const SOURCES = { version: "1.2.3", root: process.cwd() };

/** What nobody would call a lock, and a rule of a later release. */
const ODD: ReportedFinding = {
  ...FINDINGS[0]!,
  rule: "later.rule",
  title: "\u0000 & <b>",
  message: 'a "quote",\n]]> and \uD800 a half',
  locks: ["\u001b[31m", "é", "🔒"],
  detail: {
    cycle: [
      { from: "a", to: 7, held: null, taken: { file: "node:internal/x", line: -1, lane: "l", stack: [3] } },
      null,
    ],
  },
};

/** One place takes both locks in both orders, as a helper does. */
const SAME = { function: "take", file: "/app/take.ts", line: 3, lane: "main", stack: ["take (/app/take.ts:3)"] };
const HELPER: ReportedFinding = {
  ...FINDINGS[0]!,
  fingerprint: "1".repeat(32),
  detail: {
    cycle: [
      ["A", "B"],
      ["B", "A"],
    ].map(([from, to]) => ({ from, to, held: SAME, taken: SAME })),
  },
};
/** A ticket's finding names no lock. */
const LOCKLESS: ReportedFinding = { ...FINDINGS[0]!, rule: "ww.done-twice", locks: [], detail: {} };

const entries = baselineOf(
  FINDINGS.filter(({ rule }) => rule === "misuse.held-at-exit"),
  [],
);
const stale = { ...entries[0]!, fingerprint: "0".repeat(32) };
const suppressing = entries.map((entry) => ({ ...entry, reason: "the till is let go by the system" }));
const verdict = (findings: readonly ReportedFinding[]) =>
  judge(findings, parseGate(["warning"]), [...suppressing, stale], NONE, FACTS.time);

const VERDICTS = [
  ["no findings", judge([], parseGate(["warning"]), [], NONE, 0)],
  ["one of each outcome", verdict(FINDINGS)],
  ["odd names", verdict([...FINDINGS, ODD, HELPER, LOCKLESS])],
] as const;

describe.each(VERDICTS)("a verdict with %s", (_, given) => {
  test("is JUnit by the schemas of Ant and of Jenkins", async () => {
    expect(await junitProblems(formatJunit(given, FACTS))).toEqual([]);
  });

  test("is SARIF 2.1.0 by its schema, and by what the schema cannot say", () => {
    const log = JSON.parse(formatSarif(given, SOURCES));
    expect(sarifProblems(log)).toEqual([]);
    const [run] = log.runs;
    const { rules } = run.tool.driver;
    expect(new Set(rules.map(({ id }: { id: string }) => id)).size).toBe(rules.length);
    for (const result of run.results) {
      expect(rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(result.level === "none").toBe(result.kind !== "fail");
      expect(result.suppressions).toBeDefined();
    }
  });

  test("is one JSON value a line, with the counts last", () => {
    const lines = formatJson(given)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toEqual({ verdict: given.counts });
    expect(lines).toHaveLength(given.judged.length + given.stale.length + 1);
    expect(JSON.stringify(lines)).not.toMatch(/"[a-z]+[A-Z]\w*":/);
  });
});

describe("the schemas' checks", () => {
  test("tell what is wrong", async () => {
    expect(await junitProblems("<testsuites><testsuite/></testsuites>")).not.toEqual([]);
    expect(sarifProblems({ version: "2.1.0", runs: [{ results: [] }] })).not.toEqual([]);
  });
});

describe("JUnit", () => {
  const report = formatJunit(verdict(FINDINGS), FACTS);

  test("has a case for each rule, failed where findings fail", () => {
    expect([...report.matchAll(/<testcase name="([^"]+)"/g)].map(([, name]) => name)).toEqual(Object.keys(RULES));
    expect([...report.matchAll(/<failure [^>]*type="([^"]+)"/g)].map(([, rule]) => rule)).toEqual(["order.inversion"]);
    expect(report).toMatch(/<testsuite name="order"[^>]*tests="2" failures="1"/);
  });

  test("tells what does not fail in the suite's output", () => {
    const [misuse = ""] = report.split("</testsuite>").filter((suite) => suite.includes('name="misuse"'));
    expect(misuse).toMatch(
      /<system-out>[\s\S]*does not fail: it is unproven[\s\S]*the till is let go[\s\S]*<\/system-out>/,
    );
  });
});

describe("SARIF", () => {
  const { results, invocations } = JSON.parse(formatSarif(verdict(FINDINGS), SOURCES)).runs[0];
  const of = (rule: string) => results.find(({ ruleId }: { ruleId: string }) => ruleId === rule);

  test("locates a finding at its sites, relative to the sources, with the stacks", () => {
    const inversion = of("order.inversion");
    expect(inversion.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: "src/clerk%20takes%20%3Cstock%3E%20of%20stock.ts", uriBaseId: "SRCROOT" },
      region: { startLine: 16 },
    });
    expect(inversion.relatedLocations).toHaveLength(3);
    expect(inversion.stacks.map(({ frames }: { frames: unknown[] }) => frames.length)).toEqual([2, 2, 2, 2]);
    expect(of("held-over.io").locations).toEqual([{ logicalLocations: [{ name: 'till "1"', kind: "resource" }] }]);
  });

  test("takes paths and file URLs alike, and leaves what lies elsewhere whole", () => {
    const uris = ["/src/app/a b.ts", "file:///src/app/a%20b.ts", "/other/c.ts", "node:fs", "d e.ts"].map((file) => {
      const cycle = [{ taken: { file }, held: {} }];
      const log = JSON.parse(
        formatSarif(verdict([{ ...FINDINGS[0]!, detail: { cycle } }]), { version: "1", root: "/src/app" }),
      );
      const { uri, uriBaseId } = log.runs[0].results[0].locations[0].physicalLocation.artifactLocation;
      return [uri, uriBaseId];
    });
    expect(uris).toEqual([
      ["a%20b.ts", "SRCROOT"],
      ["a%20b.ts", "SRCROOT"],
      ["file:///other/c.ts", undefined],
      ["node:fs", undefined],
      ["d%20e.ts", "SRCROOT"],
    ]);
  });

  test("has the fingerprint, what is suppressed and why, what is unproven, and the stale entry", () => {
    for (const { rule, fingerprint } of FINDINGS) {
      expect(of(rule).partialFingerprints).toEqual({ "waywardFinding/v1": fingerprint });
    }
    expect(of("misuse.held-at-exit").suppressions).toEqual([
      { kind: "external", justification: "the till is let go by the system" },
    ]);
    expect(of("order.inversion").suppressions).toEqual([]);
    expect(of("misuse.unlock-not-held")).toMatchObject({ kind: "review", level: "none" });
    expect(invocations[0].toolExecutionNotifications[0].message.text).toContain(stale.fingerprint);
  });
});

describe("what is suppressed on the server", () => {
  const inversion = FINDINGS.find(({ rule }) => rule === "order.inversion")!;
  const told = (expires: string, rule: string, entry: readonly BaselineEntry[] = []) => {
    const { fingerprint } = inversion;
    const known = new Suppressions([{ fingerprint, rule, reason: "shop closes", expires, by: "ann" }], FACTS.time);
    return judge([inversion], parseGate(["warning"]), entry, known, FACTS.time);
  };
  const active = told("2026-05-02", inversion.rule);
  const expired = told("2026-05-01", inversion.rule);

  test("does not fail, and each report says why", async () => {
    expect(active.counts).toEqual({ failed: 0, unproven: 0, suppressed: 1, passed: 0 });
    expect(formatText(active)).toMatch(
      /^error order\.inversion: .*, [0-9a-f]{32}: suppressed until 2026-05-02 by ann: shop closes\n/,
    );
    const log = JSON.parse(formatSarif(active, SOURCES));
    expect(sarifProblems(log)).toEqual([]);
    const justification = "until 2026-05-02 by ann: shop closes";
    expect(log.runs[0].results[0].suppressions).toEqual([{ kind: "external", justification }]);
    expect(await junitProblems(formatJunit(active, FACTS))).toEqual([]);
    expect(formatJunit(active, FACTS)).not.toContain("<failure");
    const [first] = formatJson(active).split("\n");
    expect(JSON.parse(first!)).toMatchObject({
      outcome: "suppressed",
      baseline: null,
      suppression: { reason: "shop closes", expires: "2026-05-02", by: "ann", expired: false },
    });
  });

  test("fails again once that has expired, or where another rule is meant", () => {
    expect(formatText(expired)).toMatch(/verdict +fails; it was suppressed until 2026-05-01\n/);
    expect(told("2026-05-02", "wait-type").counts.failed).toBe(1);
  });

  test("is suppressed by the baseline too where either counts", () => {
    const [entry] = baselineOf([inversion], []);
    const accepting = { ...entry!, reason: "known" };
    expect(formatText(told("2026-05-01", inversion.rule, [accepting]))).toMatch(/accepted by the baseline: known/);
    const past = { ...accepting, expires: "2026-05-01" };
    expect(formatText(told("2026-05-02", inversion.rule, [past]))).toMatch(/suppressed until 2026-05-02/);
  });
});

describe("text", () => {
  const text = formatText(verdict(FINDINGS));

  test("shows the cycle with both stacks of each edge and how it hangs", () => {
    expect(text.replaceAll(process.cwd(), "")).toContain(`
  1. <stock> is taken while orders is held, seen once
     orders taken by clerk, 0.005000 s after the session's start
       at clerk takes orders (/src/clerk takes orders of stock.ts:15)
       at main (/src/main.ts:3)
     <stock> taken by clerk, 0.006000 s after the session's start
       at clerk takes <stock> (/src/clerk takes <stock> of stock.ts:16)
       at main (/src/main.ts:3)
`);
    expect(text).toContain(`
    clerk            packer
    -----            ------
    lock(orders)
                     lock(<stock>)
    lock(<stock>)
                     lock(orders)
    *** DEADLOCK ***
`);
  });

  test("numbers the lanes where one made all edges, and names sessions where there are several", () => {
    const place = (session: string) => ({ lane: "main", session, wall: "1777593600000000000", file: "", line: 0 });
    const edge = (from: string, to: string, session: string) => ({
      from,
      to,
      held: place(session),
      taken: place(session),
    });
    const cycle = [edge("A", "B", "s1"), edge("B", "C", "s2"), edge("C", "A", "s3")];
    const shown = formatText(verdict([{ ...FINDINGS[0]!, detail: { cycle } }]));
    expect(shown).toContain("A taken by main of session s1, 2026-05-01T00:00:00.000000000Z");
    expect(shown).toContain(`
    lane 1     lane 2     lane 3
    ------     ------     ------
    lock(A)
               lock(B)
                          lock(C)
    lock(B)
               lock(C)
                          lock(A)
    *** DEADLOCK ***
`);
  });

  test("tells of each finding what becomes of it, of stale entries, and counts", () => {
    expect(text).toMatch(/does not fail: it is unproven/);
    expect(text).toMatch(/accepted by the baseline: the till is let go by the system/);
    expect(text).toMatch(/no finding matches any more:\n {2}misuse.held-at-exit 0{32}/);
    expect(text).toMatch(/\n4 findings: 1 fail, 1 do not fail, 1 unproven, 1 suppressed\n$/);
    expect(formatText(judge([], parseGate(["error"]), [], NONE, 0))).toBe("no findings\n");
  });

  test("says where the baseline has expired", () => {
    const expired = suppressing.map((entry) => ({ ...entry, expires: "2026-05-01" }));
    const shown = formatText(judge(FINDINGS, parseGate(["warning"]), expired, NONE, FACTS.time));
    expect(shown).toMatch(/verdict +fails; the baseline accepted it until 2026-05-01/);
  });
});
