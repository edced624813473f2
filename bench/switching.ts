import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDeferred, delay } from "@wayward/base";
import { Client, connect } from "@wayward/client";
import { LOCK_TRACES, LOCKS_TOPIC } from "@wayward/record";
import { wayward } from "../samples/cluster/process.ts";
import { Cluster } from "../samples/cluster/services.ts";
import { type Bench, median } from "./figure.ts";
import { Program } from "./program.ts";

/** L5: from the setting of what a class of locks records to an observer that hears the running agent say so. */
export const switching: Bench = async ({ quick }) => {
  const switches = quick ? 20 : 60;
  const shapes = [await allInOne(switches), await fourServices(switches)];
  const parts = shapes.map(
    ({ name, heard, switched }) =>
      `${name} worst ${Math.max(...heard).toFixed(0)}, median ${median(heard).toFixed(0)} ms, of that ${median(switched).toFixed(0)} ms until the agent has switched`,
  );
  const what = `per-class switch of a running agent, set → heard back, worst of ${switches}: ${parts.join("; ")}`;
  const value = Math.max(...shapes.flatMap(({ heard }) => heard));
  return [{ id: "L5", what, value, unit: "ms", op: "<=", must: 1000, aim: 200 }];
};

interface Measured {
  readonly name: string;
  /** Milliseconds of each switch: until it is heard back, and by the agent's clock until it has happened. */
  readonly heard: readonly number[];
  readonly switched: readonly number[];
}

async function allInOne(switches: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const up = wayward(["up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"], {});
  try {
    const server = await up.says(/gRPC at (\S+?),/, 20_000);
    return { name: "one process", ...(await measure(connect({ server }), server, switches)) };
  } finally {
    await up.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fourServices(switches: number): Promise<Measured> {
  const cluster = await Cluster.start();
  try {
    const { WAYWARD_QUERY, WAYWARD_STREAM, WAYWARD_INGEST } = cluster.clientEnv;
    const client = new Client(WAYWARD_QUERY, WAYWARD_STREAM, WAYWARD_INGEST);
    return { name: "four services", ...(await measure(client, WAYWARD_INGEST, switches)) };
  } finally {
    await cluster.stop();
  }
}

async function measure(client: Client, ingest: string, switches: number): Promise<Omit<Measured, "name">> {
  const spool = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  try {
    await using _program = (await Program.start("locks", ingest, spool)).program;
    return await switchOften(client, switches);
  } finally {
    client.close();
    rmSync(spool, { recursive: true, force: true });
  }
}

async function switchOften(client: Client, switches: number): Promise<Omit<Measured, "name">> {
  const stop = new AbortController();
  const live = createDeferred<void>();
  let next = createDeferred<bigint>();
  const watching = (async () => {
    for await (const seen of client.watch({ names: ["locks"], kinds: ["lock.tracing"], signal: stop.signal })) {
      if (seen.type === "live") live.resolve();
      if (seen.type === "record") next.resolve(seen.record.aligned);
    }
  })();
  await Promise.race([live.promise, watching]);
  // Its blocks come: it runs and is connected.
  while ((await client.find({ names: ["locks"] }).next()).done === true) await delay(50);
  const heard: number[] = [];
  const switched: number[] = [];
  for (let turn = 0; turn < switches; turn++) {
    next = createDeferred<bigint>();
    const rules = [{ class: "class-7", trace: LOCK_TRACES[(turn + 1) % LOCK_TRACES.length], oneIn: 10 }];
    const [wall, begun] = [Date.now(), performance.now()];
    await client.setControl(LOCKS_TOPIC, JSON.stringify({ rules }));
    const at = await Promise.race([next.promise, watching.then(() => 0n)]);
    heard.push(performance.now() - begun);
    switched.push(Number(at / 1_000_000n) - wall);
    // Not always at the same moment of the agent's rounds.
    await delay(20 + Math.random() * 100);
  }
  stop.abort();
  await watching;
  return { heard, switched };
}
