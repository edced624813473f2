import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDeferred, delay } from "@wayward/base";
import { type Client, connect } from "@wayward/client";
import { wayward } from "../samples/cluster/process.ts";
import { type Bench, median } from "./figure.ts";
import { Program } from "./program.ts";

/** L4: from an inversion in a running program to an observer that hears of its finding. */
export const violations: Bench = async ({ quick }) => {
  const count = quick ? 60 : 200;
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const up = wayward(["up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"], {});
  try {
    const server = await up.says(/gRPC at (\S+?),/, 20_000);
    const client = connect({ server });
    await using program = (await Program.start("violations", server, join(folder, "spool"))).program;
    const heard = await hear(client, program, count);
    client.close();
    const p99 = heard.toSorted((a, b) => a - b)[Math.min(count - 1, Math.floor(count * 0.99))]!;
    const what = `violation → finding at an observer, p99 of ${count} (median ${median(heard).toFixed(0)} ms)`;
    return [{ id: "L4", what, value: p99, unit: "ms", op: "<=", must: 1000, aim: 200 }];
  } finally {
    await up.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Milliseconds of each violation, one after the other. */
async function hear(client: Client, program: Program, count: number): Promise<number[]> {
  const stop = new AbortController();
  const live = createDeferred<void>();
  let [wanted, told] = ["", createDeferred<number>()];
  const watching = (async () => {
    for await (const seen of client.watch({ kinds: ["finding.reported"], signal: stop.signal })) {
      if (seen.type === "live") live.resolve();
      if (seen.type === "record" && `${seen.record.fields.message}`.includes(wanted)) told.resolve(performance.now());
    }
  })();
  await Promise.race([live.promise, watching]);
  const heard: number[] = [];
  for (let number = 0; number < count; number++) {
    [wanted, told] = [`first-${number},`, createDeferred<number>()];
    const begun = performance.now();
    await program.ask(number);
    heard.push((await Promise.race([told.promise, watching.then(() => Number.NaN)])) - begun);
    // Not always at the same moment of the rounds of agent and services.
    await delay(20 + Math.random() * 100);
  }
  stop.abort();
  await watching;
  return heard;
}
