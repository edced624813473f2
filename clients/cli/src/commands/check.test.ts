import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { junitProblems, sarifProblems } from "@wayward/testing";
import { AGENT, CommandLine, linesOf } from "../testing/command-line.ts";
import { INVERSION } from "../testing/inversion.ts";

const root = join(import.meta.dirname, "../../../..");

const INNOCENT = `import { start } from ${JSON.stringify(AGENT)};
  const agent = start({ name: "quiet" });
  await agent.mutex("stock").run(() => {});
  await agent.delivered();`;

describe("wayward check", () => {
  const line = new CommandLine("check");
  const check = (...args: string[]) => line.run("check", ...args);

  beforeAll(async () => {
    await line.up();
    for (const program of [INVERSION, INNOCENT]) expect(await line.module(program)).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(() => line.remove());

  test("fails on an inversion that never hung, and says where and how it hangs", async () => {
    const { code, stdout, stderr } = await check("--name", "shop");
    expect(code).toBe(5);
    expect(stdout).toMatch(/^error order.inversion: /);
    for (const frame of [/ at pack \(/, / at book \(/, /lock\(stock\)/, /DEADLOCK/]) expect(stdout).toMatch(frame);
    expect(stderr).toMatch(/records of 1 session, complete/);
  });

  test("passes where the gate is about something else, or nothing is found", async () => {
    expect(await check("--name", "shop", "--fail-on", "misuse.*", "live.deadlock")).toMatchObject({ code: 0 });
    expect(await check("--name", "quiet")).toMatchObject({ code: 0, stdout: "no findings\n" });
  });

  test("does not take nothing looked at for nothing found", async () => {
    expect(await check("--name", "nobody")).toMatchObject({ code: 3, stderr: expect.stringMatching(/NO_SESSION/) });
  });

  test("accepts what a baseline names, until its last day", async () => {
    const file = join(line.folder, "baseline.json");
    expect(await check("--name", "shop", "--write-baseline", file)).toMatchObject({ code: 0 });
    expect(await check("--name", "shop", "--baseline", file)).toMatchObject({ code: 0 });
    const written = JSON.parse(readFileSync(file, "utf8"));
    for (const entry of written.findings) Object.assign(entry, { reason: "on purpose", expires: "2001-01-01" });
    writeFileSync(file, `${JSON.stringify(written, null, 2)}\n`);
    expect(await check("--name", "shop", "--baseline", file)).toMatchObject({
      code: 5,
      stdout: expect.stringMatching(/fails; the baseline accepted it until 2001-01-01/),
    });
    // Written anew, what people wrote stays, and what has expired stays expired.
    expect(await check("--name", "shop", "--write-baseline", file)).toMatchObject({ code: 5 });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(written);
    const stale = await check("--name", "quiet", "--baseline", file);
    expect(stale).toMatchObject({ code: 0, stdout: expect.stringMatching(/no finding matches any more/) });
  });

  test.each([
    [["--fail-on", "misues.*"], /BAD_OPTION/],
    [["--format", "yaml"], /Allowed choices are text, json, junit, sarif/],
    [["--baseline", "none.json"], /none.json cannot be read: ENOENT \[BAD_BASELINE\]/],
    [["--baseline", "."], /\. cannot be read: EISDIR \[BAD_BASELINE\]/],
  ])("%s ends with 2", async (args, says) => {
    expect(await check(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(says) });
  });

  test("writes JUnit and SARIF that their schemas accept, and JSON a line", async () => {
    const junit = await check("--name", "shop", "quiet", "--format", "junit");
    expect([junit.code, await junitProblems(junit.stdout)]).toEqual([5, []]);
    const sarif = await check("--name", "shop", "quiet", "--format", "sarif");
    expect([sarif.code, sarifProblems(JSON.parse(sarif.stdout))]).toEqual([5, []]);
    const json = await check("--name", "shop", "quiet", "--format", "json");
    const [first, ...others] = linesOf(json.stdout).map((one) => JSON.parse(one));
    expect(first).toMatchObject({ rule: "order.inversion", outcome: "failed", baseline: null });
    expect(others.slice(-2)).toMatchObject([
      { verdict: { failed: 1 } },
      { coverage: { sessions: "2", complete: true } },
    ]);
  });

  test("prints the fields of its table in docs/json.md as JSON, and no other", async () => {
    const page = readFileSync(join(root, "docs/json.md"), "utf8");
    const section = page.split(/^## /m).find((part) => part.startsWith("check\n")) ?? "";
    const rows = [...section.matchAll(/^\| `(\w+)` *\| (\w+)/gm)].map(([, field, kind]) => `${kind} ${field}`);
    const file = join(line.folder, "stale.json");
    const stale = { rule: "wait-type", fingerprint: "0".repeat(32), title: "", locks: [], reason: "" };
    writeFileSync(file, JSON.stringify({ version: 1, findings: [stale] }));
    const { stdout } = await check("--format", "json", "--baseline", file);
    const printed = linesOf(stdout).flatMap((one) => {
      const value = JSON.parse(one);
      const kind = ["stale", "verdict", "coverage"].find((name) => name in value) ?? "finding";
      return Object.keys(value).map((field) => `${kind} ${field}`);
    });
    expect([...new Set(printed)].sort()).toEqual(rows.sort());
  });
});
