import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { unwrap } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";

const index = join(import.meta.dirname, "index.ts");

function run(body: string) {
  const spool = mkdtempSync(join(tmpdir(), "agent-"));
  const program = `import { start } from ${JSON.stringify(index)};\nconst agent = start({ words: 4096 });\n${body}`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, NODE_OPTIONS: "", WAYWARD_SPOOL: spool, WAYWARD_NAME: "test" },
    encoding: "utf8",
  });
  const folder = join(spool, readdirSync(spool)[0]!);
  const blocks = readdirSync(folder)
    .sort()
    .map((file) => unwrap(parseEnvelope(readFileSync(join(folder, file)))).header);
  return { child, blocks, records: blocks.reduce((sum, header) => sum + header.recordCount, 0) };
}

describe("a program that ends", () => {
  const work = `agent.log.info("hello {}", 1); agent.zone("work", () => agent.counter("n", 2));`;
  test.each([
    ["by itself", "", 0, null, "0"],
    ["by exit", "process.exit(7);", 7, null, "7"],
    ["uncaught", "throw new Error('x');", 1, null, "1"],
    ["by SIGTERM", "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 5000);", null, "SIGTERM", "SIGTERM"],
  ])("%s loses nothing and keeps its status", (_, last, status, signal, exit) => {
    const { child, blocks, records } = run(work + last);
    expect([child.status, child.signal]).toEqual([status, signal]);
    expect(records).toBe(4);
    expect(blocks[0]?.description?.name).toBe("test");
    expect(blocks.at(-1)?.end?.exit).toBe(exit);
  });
});

test("what a full stage could not take is a record", () => {
  const { records } = run(`for (let n = 0; n < 2000; n++) agent.zone("z", () => 1);`);
  expect(records).toBeGreaterThan(500);
  expect(records).toBeLessThan(1000);
});
