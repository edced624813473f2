import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { afterAll, describe, expect, test } from "@jest/globals";
import { ingest } from "@wayward/api";
import { delay } from "@wayward/base";
import { IngestServer } from "./testing/ingest.ts";
import { launch, recorded, runProgram } from "./testing/program.ts";
import { AllInOne } from "./testing/server.ts";
import { readSpool, sessionsIn } from "./testing/spool.ts";

const root = mkdtempSync(join(tmpdir(), "agent-control-"));
let folders = 0;
const spoolFolder = () => join(root, String(folders++));
afterAll(() => rmSync(root, { recursive: true }));

let revision = 0n;
const levels = (...rules: object[]): ingest.Control => ({
  topic: "control/levels",
  revision: ++revision,
  value: Buffer.from(JSON.stringify({ rules })),
});

/** Prints the levels of three channels whenever they change. */
const SHOWS_LEVELS = `
  const channels = ["db", "db.pool", "http"].map((name) => agent.channel(name));
  channels[2].level = "warn";
  let last = "";
  setInterval(() => {
    const now = channels.map(({ level }) => level).join(" ");
    if (now !== last) console.log("levels " + now + ".");
    last = now;
  }, 10);`;

describe("levels by control", () => {
  test("come from the server while the program runs, and go back to its own when taken back", async () => {
    const server = new IngestServer({});
    const program = launch(SHOWS_LEVELS, { spool: spoolFolder(), env: { WAYWARD_SERVER: await server.listen() } });
    await program.says(/levels trace trace warn\./);
    while (server.taken.length === 0) await delay(20);
    server.say(levels({ channel: "db", level: "error" }, { channel: "http", level: "off", name: "test" }));
    await program.says(/levels error error off\./);
    server.say(levels({ channel: "db.pool", level: "debug" }, { channel: "http", level: "info", name: "another" }));
    await program.says(/levels trace debug warn\./);
    server.say(levels({ channel: "db", level: "deafening" }, { channel: 7 }));
    await program.says(/debug warn\.\nlevels trace trace warn\./);
    await program.stop();
    server.stop();
  });

  test("decide what is recorded, and wait in the spool folder for the next program", async () => {
    const server = new IngestServer({ control: () => levels({ channel: "db", level: "warn" }) });
    const spool = spoolFolder();
    const env = { WAYWARD_SERVER: await server.listen() };
    const first = launch(SHOWS_LEVELS, { spool, env });
    await first.says(/levels warn warn warn\./);
    await first.stop();
    server.stop();
    const before = sessionsIn(spool);
    runProgram(`const db = agent.channel("db.pool"); db.info("not this"); db.warn("but this");`, { spool });
    const session = sessionsIn(spool).find((name) => !before.includes(name))!;
    const logs = readSpool(spool, session).rows.filter(({ kind }) => kind === "log.message");
    expect(logs.map(({ values }) => values.level)).toEqual(["warn"]);
  });
});

test("levels that are set on a server reach a program that runs", async () => {
  const server = await AllInOne.start();
  const client = new ingest.IngestServiceClient(server.address, credentials.createInsecure());
  const set = (...rules: object[]) =>
    new Promise<void>((resolve, reject) => {
      const { topic, value } = levels(...rules);
      client.setControl({ topic, value, expectedRevision: 0n, ifUnset: false }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  try {
    await set({ channel: "db", level: "info" });
    const program = launch(SHOWS_LEVELS, { spool: spoolFolder(), env: { WAYWARD_SERVER: server.address } });
    await program.says(/levels info info warn\./);
    await set({ channel: "http", level: "fatal", name: "test" });
    await program.says(/levels trace trace fatal\./);
    await program.stop();
  } finally {
    client.close();
    await server.stop();
  }
});

describe("levels by option", () => {
  test("count from the first message, and `off` records nothing", () => {
    const { rows } = recorded(
      `agent.channel("db").info("no"); agent.channel("db").error("yes"); agent.channel("http").fatal("no"); agent.log.trace("yes");`,
      { env: { WAYWARD_LEVELS: "db=warn,http=off" } },
    );
    expect(rows.map(({ values }) => values.level)).toEqual(["error", "trace"]);
  });

  test("are switched by the program at any time", () => {
    const { rows } = recorded(`
      const pool = agent.channel("db.pool"); const db = agent.channel("db");
      db.level = "error"; pool.warn("no"); pool.level = "debug"; pool.debug("yes"); pool.level = undefined; pool.warn("no");`);
    expect(rows.map(({ values }) => values.level)).toEqual(["debug"]);
  });
});

describe("locks by option", () => {
  const ROUND = `const pool = agent.mutex("db-pool"); const slots = agent.semaphore("slots", 1); const cache = agent.lock("cache");
    const [one, other] = [pool.acquire(), pool.acquire()]; (await one).release(); (await other).release();
    (await slots.acquire()).release(); cache.created(); cache.acquired(); cache.released();`;
  const shown = (rows: readonly { readonly kind: string; readonly values: Readonly<Record<string, unknown>> }[]) =>
    rows.map(({ kind, values }) =>
      `${kind} ${values.class ?? values.lock ?? values.semaphore} ${values.trace ?? ""}`.trim(),
    );

  test("count from the first lock, and what is left out is told", () => {
    const { rows, child } = recorded(ROUND, { env: { WAYWARD_LOCKS: "db*=contention,cache=off,slots=sampled/1" } });
    expect(child.stderr).toBe("");
    expect(shown(rows)).toEqual([
      "lock.tracing db-pool contention",
      "lock.tracing slots sampled",
      "lock.tracing cache off",
      "lock.wait db-pool",
      "lock.acquired db-pool",
      "lock.released db-pool",
      "semaphore.acquired slots",
      "semaphore.post slots",
    ]);
  });

  test("are told in one line where they cannot be read", () => {
    const { child, rows } = recorded(ROUND, { env: { WAYWARD_LOCKS: "db=loud" } });
    expect([child.status, rows]).toEqual([0, []]);
    expect(child.stderr).toBe(
      'wayward: locks has "db=loud", not class=on, off, contention or sampled/100; nothing is recorded\n',
    );
  });
});
