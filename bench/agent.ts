import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "@wayward/agent";
import { type Bench, median } from "./figure.ts";

const EVENTS = 40_000;

/** P4a: one event of the agent on the calling thread against one reading of the clock. */
export const event: Bench = async ({ quick }) => {
  const spool = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const agent = start({ name: "bench", spool });
  const ratios: number[] = [];
  let sink = 0n;
  const nothing = () => {};
  for (let round = 0; round < (quick ? 30 : 80); round++) {
    const clock = timed(() => {
      for (let count = 0; count < EVENTS; count++) sink ^= process.hrtime.bigint();
    });
    const events = timed(() => {
      // A begin and an end.
      for (let count = 0; count < EVENTS / 2; count++) agent.zone("bench", nothing);
    });
    agent.flush();
    ratios.push(events / clock);
  }
  agent.stop();
  rmSync(spool, { recursive: true, force: true });
  if (sink === 1n) throw new Error("never");
  const what = "zone event on the calling thread / hrtime.bigint()";
  return [{ id: "P4a", what, value: median(ratios.slice(5)), unit: "×", op: "<=", must: 1.3, aim: 1.15 }];
};

function timed(work: () => void): number {
  const begun = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - begun);
}
