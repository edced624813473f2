import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { unwrap } from "@wayward/base";
import { type Cell, cellAt, Dictionary, parseEnvelope, verifyBlock } from "@wayward/block";
import { agentBundle } from "./bundle.ts";

const index = join(import.meta.dirname, "api.ts");

interface Row {
  readonly kind: string;
  readonly values: Record<string, Cell>;
}

/** Runs a program that has started an agent, then reads its spool. */
function run(body: string, node = process.execPath, module = index) {
  const spool = mkdtempSync(join(tmpdir(), "agent-"));
  const program = `import { start } from ${JSON.stringify(module)};\nconst agent = start({ words: 4096 });\n${body}`;
  const child = spawnSync(node, ["--input-type=module", "-e", program], {
    env: { ...process.env, NODE_OPTIONS: "", WAYWARD_SPOOL: spool, WAYWARD_NAME: "test" },
    encoding: "utf8",
  });
  const folder = join(spool, readdirSync(spool)[0]!);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".block"))
    .sort();
  const envelopes = files.map((file) => unwrap(parseEnvelope(readFileSync(join(folder, file)))));
  rmSync(spool, { recursive: true });
  const dictionary = new Dictionary();
  const rows: Row[] = [];
  for (const envelope of envelopes) {
    const { columns } = verifyBlock(envelope, dictionary);
    for (let record = 0; record < columns.count; record++) {
      const slot = columns.slots[record]!;
      const kind = dictionary.kind(columns.kinds[slot]!.number)!;
      const own = columns.columns(slot, kind);
      const values = own.columns.map((column) => [
        column.field.name,
        cellAt(column, columns.placeOf[record]!, dictionary),
      ]);
      rows.push({ kind: kind.name, values: Object.fromEntries(values) });
    }
  }
  return { child, blocks: envelopes.map(({ header }) => header), rows };
}

describe("a program that ends", () => {
  const work = `agent.log.info("hello {}", 1); agent.zone("work", () => agent.counter("n", 2));`;
  test.each([
    ["by itself", "", 0, null, "0"],
    ["by exit", "process.exit(7);", 7, null, "7"],
    ["uncaught", "throw new Error('x');", 1, null, "1"],
    ["by SIGTERM", "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 5000);", null, "SIGTERM", "SIGTERM"],
  ])("%s loses nothing and keeps its status", (_, last, status, signal, exit) => {
    const { child, blocks, rows } = run(work + last);
    expect([child.status, child.signal]).toEqual([status, signal]);
    expect(rows).toHaveLength(4);
    expect(blocks[0]?.description?.name).toBe("test");
    expect(blocks.at(-1)?.end?.exit).toBe(exit);
  });
});

test("what a full stage could not take is counted in a record", () => {
  const { rows } = run(`for (let n = 0; n < 2000; n++) agent.zone("z", () => 1);`);
  const drops = rows.filter(({ kind }) => kind === "drop.records");
  const lost = drops.reduce((sum, { values }) => sum + Number(values.count), 0);
  expect(lost).toBeGreaterThan(1000);
  expect(rows.length - drops.length + lost).toBe(4000);
});

test("drops are reported though nothing follows, before a SIGKILL", () => {
  const { rows, blocks, child } = run(
    `for (let n = 0; n < 2000; n++) agent.zone("z", () => 1);
     setTimeout(() => { agent.note("in the last interval"); process.kill(process.pid, "SIGKILL"); }, 500);`,
  );
  expect(child.signal).toBe("SIGKILL");
  expect(rows.some(({ kind }) => kind === "drop.records")).toBe(true);
  expect(blocks.at(-1)?.end).toBeUndefined();
});

test("the values of the families come back", () => {
  const { rows } = run(`
    const lock = agent.lock("accounts"); lock.wait(); lock.acquired("shared"); lock.released();
    const jobs = agent.queue("mail"); jobs.enqueue(7n, 3); jobs.start(7n); jobs.finish(7n, "failed");
    agent.db("select ?", 1500n, 2); agent.note("seen"); agent.log.warn("a {} {}", 1, "b");
    await agent.task("t", () => agent.zoneAsync("z", async () => {}));`);
  const of = (kind: string) => rows.find((row) => row.kind === kind)?.values;
  expect(of("lock.acquired")).toMatchObject({ lock: "accounts", mode: "shared" });
  expect(of("job.enqueue")).toMatchObject({ queue: "mail", job: 7n, depth: 3n });
  expect(of("job.finish")).toMatchObject({ job: 7n, outcome: "failed" });
  expect(of("db.query")).toMatchObject({ statement: "select ?", duration: 1500n, rows: 2n });
  expect(of("note.text")).toEqual({ text: "seen" });
  expect(of("log.message")).toEqual({ level: "warn", channel: "main", args: [1, "b"] });
  expect(of("zone.end")).toMatchObject({ id: 1n, failed: false });
  expect(of("thread.start")).toEqual({ parent: "main" });
});

test.each(["/usr/bin/node", process.execPath])("the bundle runs on %s and holds no grpc-js", async (node) => {
  const { importPath } = await agentBundle();
  const { rows, child } = run(`agent.note("bundled");`, node, importPath);
  expect(child.stderr).toBe("");
  expect(rows).toEqual([{ kind: "note.text", values: { text: "bundled" } }]);
  expect(readFileSync(importPath, "utf8")).not.toContain("@grpc/grpc-js");
});

test("the README's example runs", () => {
  const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const body = example.replace(/import .*\n/, "").replace("const agent = start", "start");
  const { rows, child } = run(body);
  expect(child.status).toBe(0);
  expect(rows.find(({ kind }) => kind === "log.message")?.values.args).toEqual([17, "ada"]);
  expect(rows.find(({ kind }) => kind === "counter.value")?.values).toEqual({ name: "sent", value: 1 });
});
