import { readdirSync, readFileSync } from "node:fs";
import { parseScript, replayScenario } from "@wayward/analysis";

/** A case with what the analyses say of it. */
export interface JudgedCase {
  readonly name: string;
  /** File that it stands in. */
  readonly topic: string;
  /** Rules that it is to be found by, infos and hints among them. */
  readonly expected: ReadonlySet<string>;
  /** No error or warning is to be found in it. */
  readonly innocent: boolean;
  /** Rules that it is found by and should not be, or the other way round. */
  readonly wrong: readonly string[];
  readonly why: string;
}

/** A line of packages/analysis/cases; its README tells what the fields mean. */
interface Case {
  readonly scenario: { readonly name: string };
  readonly expect: readonly string[];
  readonly info: readonly string[];
  readonly why: string;
}

const FOLDER = new URL("../../packages/analysis/cases/", import.meta.url);

/** Judges every case of the library. */
export function judgeCases(): JudgedCase[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"));
  return files.sort().flatMap((file) => {
    const lines = readFileSync(new URL(file, FOLDER), "utf8").split("\n").filter(Boolean);
    return lines.map((line) => judge(file, JSON.parse(line) as Case));
  });
}

function judge(topic: string, { scenario, expect, info, why }: Case): JudgedCase {
  const [parsed] = parseScript(JSON.stringify(scenario));
  const found = new Set(replayScenario(parsed!).findings.map(({ rule, severity }) => kind(rule, isBad(severity))));
  const expected = new Set([...expect.map((rule) => kind(rule, true)), ...info.map((rule) => kind(rule, false))]);
  const rules = (keys: Iterable<string>) => [...keys].map((key) => key.split(" ", 1)[0]!);
  return {
    name: scenario.name,
    topic,
    expected: new Set(rules(expected)),
    innocent: expect.length === 0,
    wrong: [...new Set([...rules(without(found, expected)), ...rules(without(expected, found))])],
    why,
  };
}

function without<T>(values: ReadonlySet<T>, others: ReadonlySet<T>): T[] {
  return [...values].filter((value) => !others.has(value));
}

/** A rule found as an info where an error was due is wrong as well. */
function kind(rule: string, bad: boolean): string {
  return `${rule} ${bad ? "bad" : "info"}`;
}

function isBad(severity: string): boolean {
  return severity === "error" || severity === "warning";
}
