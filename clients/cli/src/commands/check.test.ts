import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { junitProblems, sarifProblems } from "@wayward/testing";

const root = join(import.meta.dirname, "../../../..");
const BIN = join(root, "clients/cli/bin/wayward.mjs");
const AGENT = join(root, "agents/node/src/api.ts");

/** Takes two locks in both orders, one after the other: it never hangs. */
const INVERSION = `import { start } from ${JSON.stringify(AGENT)};
  const agent = start({ name: "shop", sites: true });
  const stock = agent.mutex("stock"), orders = agent.mutex("orders");
  async function pack() { const s = await stock.acquire(); const o = await orders.acquire(); o.release(); s.release(); }
  async function book() { const o = await orders.acquire(); const s = await stock.acquire(); s.release(); o.release(); }
  await pack(); await book();
  await agent.delivered();`;
const INNOCENT = `import { start } from ${JSON.stringify(AGENT)};
  const agent = start({ name: "quiet" });
  await agent.mutex("stock").run(() => {});
  await agent.delivered();`;

describe("wayward check", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-check-"));
  let env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: "" };
  let up: ChildProcess;

  const start = (args: readonly string[]) =>
    spawn(process.execPath, args, { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const ended = async (child: ChildProcess) => {
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (chunk) => {
        texts[name] += chunk;
      });
    }
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, ...texts };
  };
  const check = (...args: string[]) => ended(start([BIN, "check", ...args]));

  beforeAll(async () => {
    up = start([BIN, "up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"]);
    const address = await new Promise<string>((resolve) => {
      up.stderr?.on("data", (chunk) => {
        const match = /gRPC at (\S+?),/.exec(String(chunk));
        if (match?.[1] !== undefined) resolve(match[1]);
      });
    });
    env = { ...env, WAYWARD_SERVER: address, WAYWARD_SPOOL: join(folder, "spool") };
    for (const program of [INVERSION, INNOCENT]) {
      expect(await ended(start(["--input-type=module", "-e", program]))).toMatchObject({ code: 0 });
    }
  }, 60_000);
  afterAll(async () => {
    up.kill("SIGTERM");
    await ended(up);
    rmSync(folder, { recursive: true, force: true });
  });

  test("fails on an inversion that never hung, and says where and how it hangs", async () => {
    const { code, stdout, stderr } = await check("--name", "shop");
    expect(code).toBe(5);
    expect(stdout).toMatch(/^error order.inversion: /);
    for (const frame of [/ at pack \(/, /lock\(stock\)/, /DEADLOCK/]) expect(stdout).toMatch(frame);
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
    const file = join(folder, "baseline.json");
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
    const lines = json.stdout.trim().split("\n");
    const [first, ...others] = lines.map((line) => JSON.parse(line));
    expect(first).toMatchObject({ rule: "order.inversion", outcome: "failed", baseline: null });
    expect(others.slice(-2)).toMatchObject([
      { verdict: { failed: 1 } },
      { coverage: { sessions: "2", complete: true } },
    ]);
  });

  test("prints the fields of its table in docs/json.md as JSON, and no other", async () => {
    const page = readFileSync(join(root, "docs/json.md"), "utf8");
    const section = page.split(/^## /m).find((part) => part.startsWith("check\n")) ?? "";
    const rows = [...section.matchAll(/^\| `(\w+)` *\| (\w+)/gm)].map(([, field, line]) => `${line} ${field}`);
    const file = join(folder, "stale.json");
    const stale = { rule: "wait-type", fingerprint: "0".repeat(32), title: "", locks: [], reason: "" };
    writeFileSync(file, JSON.stringify({ version: 1, findings: [stale] }));
    const { stdout } = await check("--format", "json", "--baseline", file);
    const printed = stdout
      .trim()
      .split("\n")
      .flatMap((line) => {
        const value = JSON.parse(line);
        const kind = ["stale", "verdict", "coverage"].find((name) => name in value) ?? "finding";
        return Object.keys(value).map((field) => `${kind} ${field}`);
      });
    expect([...new Set(printed)].sort()).toEqual(rows.sort());
  });
});
