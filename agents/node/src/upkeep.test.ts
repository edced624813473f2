import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { launch, recorded } from "./testing/program.ts";
import { type Row, readSpool, sessionsIn } from "./testing/spool.ts";

const anchorsOf = (rows: readonly Row[]) => rows.filter(({ kind }) => kind === "clock.anchor");
const anchors = (body: string) => anchorsOf(recorded(body, { anchors: true }).rows);
const anchorsIn = (spool: string) => sessionsIn(spool).flatMap((session) => anchorsOf(readSpool(spool, session).rows));
const wallOf = ({ values }: { readonly values: Readonly<Record<string, unknown>> }) => Number(values.wall) / 1e6;

describe("anchors of the clock", () => {
  test("are recorded at the start, exact to a millisecond", () => {
    const [first, ...others] = anchors("setTimeout(() => {}, 1500);");
    expect(others).toEqual([]);
    expect(Math.abs(wallOf(first!) - Date.now())).toBeLessThan(20_000);
    expect(Number(first?.values.uncertainty)).toBeGreaterThanOrEqual(500_000);
    expect(Number(first?.values.uncertainty)).toBeLessThan(2_000_000);
  });

  test("are recorded when wall time was set, and then no more", () => {
    const rows = anchors(`
      const { now } = Date; setTimeout(() => { Date.now = () => now() - 3_600_000; }, 100); setTimeout(() => {}, 3500);`);
    expect(rows).toHaveLength(2);
    expect(wallOf(rows[1]!) - wallOf(rows[0]!)).toBeLessThan(-3_590_000);
  });

  test("are recorded every minute", async () => {
    // The clock that counts is the one that the agent reads: a minute of it takes a second here.
    const spool = mkdtempSync(join(tmpdir(), "agent-anchors-"));
    const program = launch(
      `const { bigint } = process.hrtime; const begun = bigint(); const { now } = Date; const wall = now();
      process.hrtime.bigint = () => begun + (bigint() - begun) * 60n; Date.now = () => wall + (now() - wall) * 60;
      setInterval(() => {}, 1000);`,
      { spool },
    );
    try {
      let told = 0;
      for (let turn = 0; turn < 300 && told < 3; turn++) {
        await delay(100);
        told = anchorsIn(spool).length;
      }
      expect(told).toBeGreaterThanOrEqual(3);
    } finally {
      program.child.kill("SIGKILL");
      await program.ended;
      rmSync(spool, { recursive: true });
    }
  }, 40_000);
});
