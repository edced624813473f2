import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { launch } from "./testing/program.ts";
import { AllInOne, type Told } from "./testing/server.ts";

/** What `wayward locks trace --json` says of a topic, and of a session. */
interface Said {
  readonly topic?: string;
  readonly revision: string | null;
  readonly rules?: readonly object[];
  readonly running?: number;
  readonly missing?: number;
  readonly took_ms?: number;
  readonly session?: string;
  readonly name?: string;
  readonly classes?: readonly object[];
}

/** Takes two locks all the time: one of ours by two tasks, so that they wait for each other, and one of somebody else's. */
const BUSY = `
  const pool = agent.mutex("db-pool"); const cache = agent.lock("cache");
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  const worker = async () => { for (;;) { await pool.run(() => rest(1)); await rest(Math.random() * 3); } };
  for (const name of ["a", "b"]) void agent.task(name, worker);
  setInterval(() => { cache.acquired(); setTimeout(() => cache.released(), 2); }, 5);
  console.log("busy");`;

describe("locks of a running program", () => {
  const root = mkdtempSync(join(tmpdir(), "agent-locks-"));
  let folders = 0;
  let server: AllInOne;
  const run = async (name: string) => {
    const env = { WAYWARD_SERVER: server.address, WAYWARD_NAME: name };
    const program = launch(BUSY, { spool: join(root, String(folders++)), env });
    await program.says(/busy/);
    for (let tries = 0; tries < 200 && !(await status()).some((said) => said.name === name); tries++) await delay(20);
    return program;
  };
  const status = () => server.ask<Said>("locks", "trace");
  const trace = async (...args: string[]) => (await server.ask<Said>("locks", "trace", ...args))[0]!;

  beforeAll(async () => {
    server = await AllInOne.start();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(root, { recursive: true });
  });

  test("are switched by class, and what is recorded is what was asked for", async () => {
    const program = await run("switched");
    const took: number[] = [];
    for (const mode of ["off", "contention", "sampled", "on"]) {
      const more = mode === "sampled" ? ["--one-in", "4"] : [];
      const said = await trace("--class", "db*", mode, ...more, "--wait", "10");
      expect(said).toMatchObject({ topic: "control/locks", running: 1, missing: 0 });
      took.push(said.took_ms!);
      await delay(700);
    }
    process.stderr.write(`switched within ${took.join(", ")} ms\n`);
    await program.stop();
    const records = (await server.ask("read", "--name", "switched", "--kind", "lock")).slice(0, -1);
    const pool = between(records, "db-pool");
    expect(pool.off).toEqual([]);
    expect(pool.contention.length).toBeGreaterThan(20);
    for (const events of [pool.contention, pool.sampled]) for (const event of events) expect(event.whole).toBe(true);
    expect(pool.contention.every(({ waited }) => waited)).toBe(true);
    expect(pool.sampled.length).toBeGreaterThan(5);
    expect(pool.sampled.length).toBeLessThan(pool.on.length / 2);
    // The other class was never asked to change.
    expect(
      records.filter(({ kind, fields }) => kind === "lock.acquired" && fields.lock === "cache").length,
    ).toBeGreaterThan(200);
  });

  test("are as asked for in programs that start later, and after the server was started anew", async () => {
    const { revision } = await trace("--class", "cache", "off", "--name", "later");
    const first = await run("later");
    const second = await run("another");
    const classes = (said: readonly Said[], name: string) => said.find((one) => one.name === name)?.classes;
    let said = await status();
    for (let tries = 0; tries < 200 && classes(said, "later")?.length !== 1; tries++) said = await status();
    expect(said[0]).toMatchObject({
      revision,
      rules: expect.arrayContaining([{ class: "cache", trace: "off", name: "later" }]),
    });
    expect(classes(said, "later")).toEqual([{ class: "cache", trace: "off", one_in: null }]);
    expect(classes(said, "another")).toEqual([]);

    await server.restart();
    said = await status();
    expect(said[0]).toMatchObject({ revision });
    expect(classes(said, "later")).toEqual([{ class: "cache", trace: "off", one_in: null }]);
    const cleared = await trace("--clear", "--wait", "20");
    expect(cleared).toMatchObject({ rules: [], running: 2, missing: 0 });
    said = await status();
    for (const name of ["later", "another"]) {
      expect(said.find((one) => one.name === name)).toMatchObject({ revision: cleared.revision, classes: [] });
    }
    await Promise.all([first.stop(), second.stop()]);
  });

  test("keep every rule that several people set at once", async () => {
    const names = Array.from({ length: 5 }, (_, index) => `class-${index}`);
    await Promise.all(names.map((name) => trace("--class", name, "off", "--wait", "0")));
    const [said] = await status();
    expect(said!.rules!.map((rule) => (rule as { class: string }).class).sort()).toEqual(names);
    await trace("--clear", "--wait", "0");
  });
});

interface Event {
  /** Wait or acquisition to the release. */
  readonly whole: boolean;
  readonly waited: boolean;
}

/** Acquisitions of one lock that begin while it is switched so; the last one of each lane may still be under way. */
function between(records: readonly Told[], name: string): Record<"off" | "contention" | "sampled" | "on", Event[]> {
  const found = { off: [] as Event[], contention: [] as Event[], sampled: [] as Event[], on: [] as Event[] };
  let mode: keyof typeof found = "on";
  const open = new Map<string, { mode: keyof typeof found; waited: boolean; acquired: boolean }>();
  for (const { kind, fields, lane_name: lane } of records) {
    if (kind === "lock.tracing" && fields.class === name) mode = fields.trace as keyof typeof found;
    if (fields.lock !== name) continue;
    const now = open.get(lane);
    if (kind === "lock.wait") open.set(lane, { mode, waited: true, acquired: false });
    if (kind === "lock.acquired") open.set(lane, { ...(now ?? { mode, waited: false }), acquired: true });
    if (kind !== "lock.released") continue;
    open.delete(lane);
    found[now?.mode ?? mode].push({ whole: now?.acquired === true, waited: now?.waited === true });
  }
  return found;
}
