import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseScript, RULES, replayScenario } from "@wayward/analysis";

const page = readFileSync(join(import.meta.dirname, "../docs/rules.md"), "utf8");

/** Sections that are not about the page itself, by rule. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section] as const)
    .filter(([title]) => title !== "Baseline"),
);

describe("docs/rules.md", () => {
  test("has a section for each rule, in their order, and no other", () => {
    expect([...sections.keys()]).toEqual(Object.keys(RULES));
  });

  test.each(Object.entries(RULES))(
    "%s has its severity, why, repair, when unproven, and a scenario",
    (rule, { severity }) => {
      const section = sections.get(rule) ?? "";
      expect(/^_(\w+)/m.exec(section)?.[1]?.toLowerCase()).toBe(severity);
      for (const part of ["Why it is a fault.", "Repair.", "Unproven"]) expect(section).toContain(`- **${part}**`);
      const scenarios = [...section.matchAll(/```jsonl\n([\s\S]*?)```/g)].flatMap(([, text = ""]) => parseScript(text));
      expect(scenarios).toHaveLength(1);
      const found = replayScenario(scenarios[0]!).findings.filter((finding) => finding.rule === rule);
      expect(found).toMatchObject([{ severity }]);
    },
  );
});
