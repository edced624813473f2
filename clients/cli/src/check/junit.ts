import { RULES } from "@wayward/analysis";
import { judgedText } from "./text.ts";
import type { Judged, Verdict } from "./verdict.ts";
import { xmlElement } from "./xml.ts";

/** What a report says of the check itself. */
export interface CheckFacts {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** What the check fails on, as it was asked. */
  readonly failOn: readonly string[];
}

/**
 * A verdict as a JUnit report, for what shows test results: a suite for each
 * family of rules, a case for each rule, failed where findings of it fail.
 * What does not fail is in the suite's output. Ant's schema asks for host,
 * times and empty elements, so they are there.
 */
export function formatJunit(verdict: Verdict, facts: CheckFacts): string {
  const rules = [...new Set([...Object.keys(RULES), ...verdict.judged.map(({ finding }) => finding.rule)])];
  const families = [...new Set(rules.map(familyOf))];
  const suites = families.map((family, id) => {
    const own = rules.filter((rule) => familyOf(rule) === family);
    return suite(family, id, own, verdict.judged, facts);
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xmlElement("testsuites", {}, suites)}\n`;
}

function familyOf(rule: string): string {
  return rule.split(".", 1)[0]!;
}

function suite(
  family: string,
  id: number,
  rules: readonly string[],
  judged: readonly Judged[],
  { time, failOn }: CheckFacts,
): string {
  const own = judged.filter(({ finding }) => familyOf(finding.rule) === family);
  const failed = own.filter(({ outcome }) => outcome === "failed");
  const attributes = {
    name: family,
    package: PACKAGE,
    id,
    // Ant's pattern has no zone: it is UTC.
    timestamp: new Date(time).toISOString().slice(0, 19),
    hostname: "localhost",
    tests: rules.length,
    failures: rules.filter((rule) => failed.some(({ finding }) => finding.rule === rule)).length,
    errors: 0,
    time: 0,
  };
  return xmlElement("testsuite", attributes, [
    xmlElement("properties", {}, [xmlElement("property", { name: "fail-on", value: failOn.join(", ") })]),
    ...rules.map((rule) =>
      testcase(
        rule,
        failed.filter(({ finding }) => finding.rule === rule),
      ),
    ),
    xmlElement("system-out", {}, textOf(own.filter(({ outcome }) => outcome !== "failed"))),
    xmlElement("system-err", {}),
  ]);
}

const PACKAGE = "wayward.check";

function testcase(rule: string, failed: readonly Judged[]): string {
  const attributes = { name: rule, classname: `${PACKAGE}.${familyOf(rule)}`, time: 0 };
  if (failed.length === 0) return xmlElement("testcase", attributes);
  const message = failed.map(({ finding }) => finding.message).join("\n");
  return xmlElement("testcase", attributes, [xmlElement("failure", { message, type: rule }, textOf(failed))]);
}

function textOf(judged: readonly Judged[]): string {
  return judged.map(judgedText).join("\n");
}
