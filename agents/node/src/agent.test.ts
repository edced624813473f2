import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { agentBundle } from "./bundle.ts";
import { Running, recorded, SYSTEM_NODE } from "./testing/program.ts";
import { readSpool, sessionsIn, withoutAnchors } from "./testing/spool.ts";

/** Room for few records, so that a stage is soon full. */
const small = { options: "{ words: 4096 }" };

describe("a program that ends", () => {
  const work = `agent.log.info("hello {}", 1); agent.zone("work", () => agent.counter("n", 2));`;
  test.each([
    ["by itself", "", 0, null, "0"],
    ["by exit", "process.exit(7);", 7, null, "7"],
    ["uncaught", "throw new Error('x');", 1, null, "1"],
    ["by SIGHUP", "process.kill(process.pid, 'SIGHUP'); setTimeout(() => {}, 5000);", null, "SIGHUP", "SIGHUP"],
    ["by SIGTERM", "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 5000);", null, "SIGTERM", "SIGTERM"],
  ])("%s loses nothing and keeps its status", (_, last, status, signal, exit) => {
    const { child, headers, rows } = recorded(work + last);
    expect([child.status, child.signal]).toEqual([status, signal]);
    expect(rows).toHaveLength(4);
    expect(headers[0]?.description?.name).toBe("test");
    expect(headers.at(-1)?.end?.exit).toBe(exit);
  });
});

test("what a full stage could not take is counted in a record", () => {
  const { rows } = recorded(`for (let n = 0; n < 2000; n++) agent.zone("z", () => 1);`, small);
  const drops = rows.filter(({ kind }) => kind === "drop.records");
  const lost = drops.reduce((sum, { values }) => sum + Number(values.count), 0);
  expect(lost).toBeGreaterThan(1000);
  expect(rows.length - drops.length + lost).toBe(4000);
});

test("drops are reported though nothing follows, before a SIGKILL", () => {
  const { rows, headers, child } = recorded(
    `for (let n = 0; n < 2000; n++) agent.zone("z", () => 1);
     setTimeout(() => { agent.note("in the last interval"); process.kill(process.pid, "SIGKILL"); }, 500);`,
    small,
  );
  expect(child.signal).toBe("SIGKILL");
  expect(rows.some(({ kind }) => kind === "drop.records")).toBe(true);
  expect(headers.at(-1)?.end).toBeUndefined();
});

test("the values of the families come back", () => {
  const { rows } = recorded(`
    const lock = agent.lock("accounts"); lock.wait(); lock.acquired("shared"); lock.released();
    const jobs = agent.queue("mail"); jobs.enqueue(7n, 3); jobs.start(7n); jobs.finish(7n, "failed");
    agent.db("select ?", 1500n, 2); agent.note("seen"); agent.log.warn("a {} {}", 1, "b");
    await agent.task("t", () => agent.zoneAsync("z", async () => {}));
    await agent.zoneAsync("bad", async () => { throw new Error("x"); }).catch(() => {});`);
  const of = (kind: string) => rows.find((row) => row.kind === kind)?.values;
  expect(of("lock.acquired")).toMatchObject({ lock: "accounts", mode: "shared" });
  expect(of("lock.released")).toEqual({ lock: "accounts" });
  expect(of("job.enqueue")).toMatchObject({ queue: "mail", job: 7n, depth: 3n });
  expect(of("job.finish")).toMatchObject({ job: 7n, outcome: "failed" });
  expect(of("db.query")).toMatchObject({ statement: "select ?", duration: 1500n, rows: 2n });
  expect(of("note.text")).toEqual({ text: "seen" });
  expect(of("log.message")).toEqual({ level: "warn", channel: "main", args: [1, "b"] });
  const zoneEnds = rows.filter(({ kind }) => kind === "zone.end").map(({ values: { id, failed } }) => [id, failed]);
  expect(new Map(zoneEnds as [bigint, unknown][])).toEqual(
    new Map([
      [1n, undefined],
      [2n, true],
    ]),
  );
  expect(of("thread.start")).toEqual({ parent: "main" });
});

test.each([SYSTEM_NODE, process.execPath])("the bundle is required by CommonJS on %s", async (node) => {
  const { importPath } = await agentBundle();
  const spool = mkdtempSync(join(tmpdir(), "agent-cjs-"));
  const program = `const { start, parseTraceparent } = require(${JSON.stringify(importPath)});
    const agent = start({ spool: ${JSON.stringify(spool)} }); agent.note(typeof parseTraceparent);`;
  const child = new Running(node, ["--input-type=commonjs", "-e", program], { PATH: process.env.PATH });
  expect(await child.ended).toEqual({ code: 0, signal: null });
  const { rows } = readSpool(spool, sessionsIn(spool)[0]!);
  expect(withoutAnchors(rows)).toMatchObject([{ values: { text: "function" } }]);
  rmSync(spool, { recursive: true });
});

test.each([SYSTEM_NODE, process.execPath])("the bundle is imported on %s", async (node) => {
  const { importPath } = await agentBundle();
  const { rows, child } = recorded(`agent.note("bundled");`, { node, module: importPath });
  expect(child.stderr).toBe("");
  expect(rows).toMatchObject([{ kind: "note.text", values: { text: "bundled" } }]);
});
