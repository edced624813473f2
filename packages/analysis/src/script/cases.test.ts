import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { parseScript } from "./parse.ts";
import { replayScenario } from "./replay.ts";

interface Case {
  readonly scenario: { readonly name: string };
  readonly expect: readonly string[];
  readonly info: readonly string[];
  readonly why: string;
}

const FOLDER = new URL("../../cases/", import.meta.url);

describe.each(readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl")))("cases of %s", (name) => {
  const lines = readFileSync(new URL(name, FOLDER), "utf8").split("\n").filter(Boolean);
  test.each(lines.map((line) => JSON.parse(line) as Case).map((one) => [one.scenario.name, one] as const))(
    "%s",
    (_, { scenario, expect: wanted, info, why }) => {
      const [parsed] = parseScript(JSON.stringify(scenario));
      const { findings } = replayScenario(parsed!);
      const rulesOf = (severities: readonly string[]) =>
        [...new Set(findings.filter(({ severity }) => severities.includes(severity)).map(({ rule }) => rule))].sort();
      expect({ found: rulesOf(["error", "warning"]), why }).toEqual({ found: [...wanted].sort(), why });
      expect(rulesOf(["info", "hint"])).toEqual([...info].sort());
    },
  );
});
