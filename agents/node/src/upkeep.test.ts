import { describe, expect, test } from "@jest/globals";
import { recorded } from "./testing/program.ts";

const anchors = (body: string) => recorded(body, { anchors: true }).rows.filter(({ kind }) => kind === "clock.anchor");
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

  test("are recorded every minute", () => {
    // The clock that counts is the one that the agent reads: a minute of it takes a second here.
    const rows = anchors(`
      const { bigint } = process.hrtime; const begun = bigint(); const { now } = Date; const wall = now();
      process.hrtime.bigint = () => begun + (bigint() - begun) * 60n; Date.now = () => wall + (now() - wall) * 60;
      setTimeout(() => {}, 3200);`);
    expect(rows.length).toBeGreaterThanOrEqual(3);
  });
});
