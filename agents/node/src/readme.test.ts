import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Agent } from "./agent.ts";
import { runProgram } from "./testing/program.ts";
import { readSpool, sessionsIn } from "./testing/spool.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
const collector = readFileSync(join(import.meta.dirname, "../../collector/README.md"), "utf8");
const blocksOf = (text: string) => [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);

const folder = (path: string) => join(import.meta.dirname, "../../..", path, "src/index.ts");
const PLACES: Readonly<Record<string, string>> = {
  agent: folder("agents/node"),
  collector: folder("agents/collector"),
  record: folder("packages/record"),
};

/** As it stands on the page, but for the program's start, and with packages by their place. */
function runnable(code: string): string {
  const placed = code.replace(/"@wayward\/([a-z]+)"/g, (_, name: string) => JSON.stringify(PLACES[name]));
  return placed.replace(/import \{ start \} .*\n/, "").replace("const agent = start", "start");
}

describe("the README", () => {
  const spool = mkdtempSync(join(tmpdir(), "agent-readme-"));

  test.each(blocksOf(readme).map((code, index) => [index, code.split("\n")[0], code]))(
    "block %i runs: %s",
    (_, _first, code) => {
      const child = runProgram(runnable(String(code)), { spool });
      expect([child.status, child.stderr]).toEqual([0, ""]);
      expect(child.stdout).not.toContain("false");
    },
  );

  test("shows every call of the API", () => {
    const calls = Object.getOwnPropertyNames(Agent.prototype).filter((name) => name !== "constructor");
    expect(calls.filter((name) => !readme.includes(`agent.${name}`) && !readme.includes(`\`${name}\``))).toEqual([]);
  });

  test("records with its first example what it says", () => {
    const root = mkdtempSync(join(tmpdir(), "agent-readme-"));
    runProgram(runnable(blocksOf(readme)[0]!), { spool: root });
    const { rows } = readSpool(root, sessionsIn(root)[0]!);
    expect(rows.find(({ kind }) => kind === "log.message")?.values.args).toEqual([17, "ada"]);
    expect(rows.find(({ kind }) => kind === "counter.value")?.values).toEqual({ name: "sent", value: 1 });
    for (const folder of [root, spool]) rmSync(folder, { recursive: true });
  });
});

test("the collector's README runs", () => {
  const spool = mkdtempSync(join(tmpdir(), "agent-readme-"));
  const child = runProgram(runnable(blocksOf(collector)[0]!), { spool });
  expect([child.status, child.stderr]).toEqual([0, ""]);
  expect(child.stdout).toMatch(/^\d+ .*ECONNREFUSED/);
  rmSync(spool, { recursive: true });
});
