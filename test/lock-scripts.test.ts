import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseScript, RULES, replayScenario } from "@wayward/analysis";

const page = readFileSync(join(import.meta.dirname, "../docs/lock-scripts.md"), "utf8");
const blocks = (info: string) =>
  [...page.matchAll(/^```(.+)\n([\s\S]*?)^```/gm)].filter(([, name]) => name === info).map(([, , text = ""]) => text);
const scenarios = blocks("jsonl").flatMap((text) => parseScript(text));

describe("docs/lock-scripts.md", () => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", (name, scenario) => {
    const { findings } = replayScenario(scenario);
    const guilty = findings.filter(({ severity }) => severity === "error" || severity === "warning");
    const found = [...new Set(guilty.map(({ rule }) => rule))].sort();
    expect(found.length === 0 ? "innocent" : found.join(", ")).toBe(name.slice(0, name.indexOf(": ")));
  });

  test("shows the verdict and the error as they are told", () => {
    const [error = "", verdict] = blocks("text");
    expect(verdict).toBe(`${JSON.stringify(replayScenario(scenarios[0]!))}\n`);
    expect(() => parseScript(blocks("jsonl malformed").join(""))).toThrow(error.trim());
  });

  test("names each rule with its severity where that is not error", () => {
    const table = page.slice(page.indexOf("| rule"));
    const named = [...table.matchAll(/`((?:[a-z-]+\.[a-z-]+)|wait-type)`/g)].map(([, rule]) => rule!);
    expect([...new Set(named)].sort()).toEqual(Object.keys(RULES).sort());
    for (const [rule, { severity }] of Object.entries(RULES)) {
      const row = table.split("\n").find((line) => line.includes(`\`${rule}\``)) ?? "";
      if (severity !== "error") expect(row.split("|")[1]).toMatch(new RegExp(`\\((?:\\w+: )?${severity}\\b`));
    }
  });
});
