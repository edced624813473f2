import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Started, wayward } from "../samples/cluster/process.ts";
import { type Bench, type Figure, median, residentMb } from "./figure.ts";

/** S: until the all-in-one is ready, and until the command says something. M: what it holds when idle. */
export const startUp: Bench = async () => {
  const ready: number[] = [];
  const first: number[] = [];
  let idle = 0;
  for (let round = 0; round < 3; round++) {
    const data = mkdtempSync(join(tmpdir(), "wayward-bench-"));
    const begun = performance.now();
    const up = wayward(["up", "--data", data, "--port", "0", "--http-port", "0"], {});
    await up.says(/ready/, 20_000);
    ready.push((performance.now() - begun) / 1000);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    idle = await residentMb(up.child.pid ?? 0);
    await up.stop();
    rmSync(data, { recursive: true, force: true });
  }
  for (let round = 0; round < 7; round++) {
    const begun = performance.now();
    const command = new Started("node_modules/.bin/wayward", ["--help"], {});
    await command.says(/Usage/, 5_000);
    first.push(performance.now() - begun);
    await command.ended;
  }
  const figures: Figure[] = [
    { id: "S1", what: "`wayward up` ready", value: median(ready), unit: "s", op: "<=", must: 1.5, aim: 1.0 },
    { id: "S2", what: "first output of `wayward`", value: median(first), unit: "ms", op: "<=", must: 150, aim: 100 },
    { id: "M1", what: "RSS of the idle all-in-one", value: idle, unit: "MB", op: "<=", must: 150, aim: 120 },
  ];
  return figures;
};
