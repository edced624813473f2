import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, median } from "./figure.ts";
import { Program } from "./program.ts";

const REQUESTS = 2_000;

/** P4d: CPU of a server for a request with a zone and a log, against the same request without, in turn. */
export const request: Bench = async ({ quick }) => {
  const spool = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const { program: web, said: port } = await Program.start<number>("web", spool);
  const { program: visitor } = await Program.start("visitor", String(port));
  const round = async (path: string): Promise<number> => {
    const before = await web.ask<number>("cpu");
    await visitor.ask(`${path} ${REQUESTS}`);
    return ((await web.ask<number>("cpu")) - before) / REQUESTS;
  };
  const ratios: number[] = [];
  const costs: number[] = [];
  try {
    for (let turn = 0; turn < (quick ? 24 : 64); turn++) {
      // Who comes first changes, so that a drift of the machine hits both.
      const first = turn % 2 === 0;
      const a = await round(first ? "/plain" : "/recorded");
      const b = await round(first ? "/recorded" : "/plain");
      const [plain, recorded] = first ? [a, b] : [b, a];
      if (turn < 6) continue;
      ratios.push(recorded / plain);
      costs.push(plain);
    }
  } finally {
    await visitor.stop();
    await web.stop();
    rmSync(spool, { recursive: true, force: true });
  }
  const what = `CPU of an HTTP request with zone and log / without (${median(costs).toFixed(1)} µs without)`;
  return [{ id: "P4d", what, value: median(ratios), unit: "×", op: "<=", must: 1.05, aim: 1.03 }];
};
