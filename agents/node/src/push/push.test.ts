import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { agentBundle } from "../bundle.ts";
import { launch, Running, runProgram, SOURCE, SYSTEM_NODE } from "../testing/program.ts";
import { AllInOne } from "../testing/server.ts";
import { sessionsIn } from "../testing/spool.ts";

const NOWHERE = "127.0.0.1:9";

describe("an agent that knows a server", () => {
  let server: AllInOne;
  const root = mkdtempSync(join(tmpdir(), "agent-push-"));
  let folders = 0;
  const spoolFolder = () => join(root, String(folders++));
  const modules: string[] = [SOURCE];

  beforeAll(async () => {
    modules.push((await agentBundle()).importPath);
    server = await AllInOne.start();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(root, { recursive: true });
  });

  test.each([
    ["its source", process.execPath, 0],
    ["its bundle", process.execPath, 1],
    ["its bundle", SYSTEM_NODE, 1],
  ])("delivers all by itself from %s on %s, though the program ends at once", async (_, node, module) => {
    const name = `quick-${folders}`;
    const options = { spool: spoolFolder(), node, module: modules[module]!, env: { WAYWARD_NAME: name } };
    // Long enough for a machine that does much else: how long it waits at most is another test's.
    const child = runProgram(
      `for (let n = 0; n < 1000; n++) agent.zone("z", () => agent.log.info("n {}", n)); process.exitCode = 3;`,
      { ...options, options: `{ server: ${JSON.stringify(server.address)}, exitMs: 20_000 }` },
    );
    expect([child.status, child.stderr]).toEqual([3, ""]);
    const records = await server.ask("read", "--name", name, "--kind", "log");
    expect(records.filter(({ kind }) => kind === "log.message").map(({ text }) => text)).toEqual(
      Array.from({ length: 1000 }, (_unused, n) => `n ${n}`),
    );
    expect(records.at(-1)).toMatchObject({ coverage: { gaps: [] } });
  });

  test("tells when all was accepted, and what is read then is all", async () => {
    const env = { WAYWARD_INGEST: server.address, WAYWARD_SERVER: NOWHERE, WAYWARD_NAME: "told" };
    const program = launch(
      `agent.note("one"); await agent.delivered(); console.log("delivered"); setTimeout(() => {}, 60_000);`,
      { spool: spoolFolder(), env },
    );
    await program.says(/delivered/);
    const [record] = await server.ask("read", "--name", "told", "--kind", "note");
    expect(record).toMatchObject({ text: "one" });
    program.child.kill("SIGKILL");
    await program.ended;
  });

  test("brings what others left behind, and tells how they ended", async () => {
    const spool = spoolFolder();
    const killed = runProgram(
      `agent.note("last words"); agent.flush(); process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 5000);`,
      { spool, env: { WAYWARD_NAME: "killed" } },
    );
    expect(killed.signal).toBe("SIGKILL");
    const next = launch(`setInterval(() => {}, 1000);`, { spool, env: { WAYWARD_SERVER: server.address } });
    let records = await server.ask("read", "--name", "killed", "--kind", "note");
    for (let turn = 0; turn < 20 && records.length < 2; turn++) {
      records = await server.ask("read", "--name", "killed", "--kind", "note");
    }
    await next.stop();
    expect(records[0]).toMatchObject({ text: "last words" });
    expect(records[1]).toMatchObject({ coverage: { gaps: [{ cause: "UNCLEAN_END" }] } });
  });

  test("places its clock beside the server's", async () => {
    const env = { WAYWARD_SERVER: server.address, WAYWARD_NAME: "placed" };
    const child = runProgram(`setTimeout(() => {}, 2500);`, { spool: spoolFolder(), env });
    expect(child.stderr).toBe("");
    const records = await server.ask("read", "--name", "placed", "--kind", "clock");
    const offset = records.find(({ kind }) => kind === "clock.offset")!.fields;
    const anchor = records.find(({ kind }) => kind === "clock.anchor")!;
    const way = BigInt(String(offset.received)) - BigInt(String(offset.sent));
    expect(way > 0n && way < 5_000_000_000n).toBe(true);
    // Both clocks are this host's: what the server read lies between what the agent read.
    const toWall = BigInt(String(anchor.fields.wall)) - BigInt(anchor.raw_time);
    const late = BigInt(String(offset.server_received)) - (BigInt(String(offset.sent)) + toWall);
    expect(late > -20_000_000n && late < way + 20_000_000n).toBe(true);
  });

  test("stops with one line, and leaves the program alone, when its session is deleted on the server", async () => {
    const spool = spoolFolder();
    const program = launch(
      `setInterval(() => agent.note("beat"), 20);
       const watching = setInterval(() => { if (agent.recording) return; clearInterval(watching); console.log("stopped"); }, 50);
       process.stdin.once("data", () => process.exit(4)); await agent.delivered(); console.log("delivered");`,
      { spool, env: { WAYWARD_SERVER: server.address, WAYWARD_NAME: "deleted" } },
    );
    await program.says(/delivered/);
    const [session = ""] = sessionsIn(spool);
    await server.ask("delete", session, "--force");
    await program.says(/stopped/);
    program.child.stdin?.write("end\n");
    expect(await program.ended).toEqual({ code: 4, signal: null });
    expect(program.stderr.split("\n").filter((line) => line.includes("nothing more is recorded"))).toHaveLength(1);
    expect(program.stderr.split("\n").length).toBeLessThan(6);
    expect(sessionsIn(spool)).toEqual([]);
  });

  test("says at its end what worker threads have left, where no server takes it", async () => {
    const thread = `const { start } = await import(${JSON.stringify(pathToFileURL(modules[1]!).href)});
      start({ name: "below" }).note("from a thread"); process.exit(0);`;
    const child = launch(
      `import { Worker } from "node:worker_threads";
       const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(thread)})));
       worker.once("exit", () => process.exit(0));`,
      { spool: spoolFolder(), module: modules[1]!, env: { WAYWARD_SERVER: NOWHERE, WAYWARD_NAME: "above" } },
    );
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(child.stderr).toMatch(
      /^wayward: \d+ blocks? waits? in .*\nwayward: \d+ blocks? of (a )?worker threads? waits? in /m,
    );
  });

  test("drops what others left of a session that is deleted on the server, without a word", async () => {
    const spool = spoolFolder();
    const brief = { spool, env: { WAYWARD_SERVER: server.address, WAYWARD_NAME: "copied" } };
    expect(runProgram(`agent.note("here");`, { spool, env: { WAYWARD_NAME: "copied" } }).status).toBe(0);
    const [session = ""] = sessionsIn(spool);
    const copy = `${spool}-copy`;
    cpSync(spool, copy, { recursive: true });
    await takenAway(spool, launch(`setInterval(() => {}, 1000);`, brief), session);
    await server.ask("delete", session, "--force");
    cpSync(join(copy, session), join(spool, session), { recursive: true });
    rmSync(copy, { recursive: true });
    const next = launch(`setInterval(() => {}, 1000);`, brief);
    await takenAway(spool, next, session);
    expect(next.stderr).toBe("");
  });

  /** Until the running program has brought the session to the server and it is gone from the spool. */
  async function takenAway(spool: string, program: Running, session: string): Promise<void> {
    for (let turn = 0; turn < 1200 && sessionsIn(spool).includes(session); turn++) await delay(25);
    expect(sessionsIn(spool)).not.toContain(session);
    await program.stop();
  }

  test("does not record its own pusher where a program is recorded from outside", async () => {
    const { instrumentPath } = await agentBundle();
    const spool = spoolFolder();
    const env = { WAYWARD_SERVER: server.address, WAYWARD_SPOOL: spool, WAYWARD_NAME: "outside" };
    const child = new Running(process.execPath, ["-e", `console.log("hello"); setTimeout(() => {}, 1000)`], {
      ...process.env,
      ...env,
      NODE_OPTIONS: `--import ${instrumentPath}`,
    });
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(child.stderr).toBe("");
    expect(sessionsIn(spool)).toHaveLength(1);
    const records = await server.ask("read", "--name", "outside", "--kind", "log");
    expect(records[0]).toMatchObject({ text: "hello" });
  });

  test("pushes its worker threads' sessions by one pusher", async () => {
    const thread = `const { start } = await import(${JSON.stringify(pathToFileURL(modules[1]!).href)});
      start({ name: "threads-below" }).note("from a thread"); setTimeout(() => process.exit(0), 100);`;
    const child = launch(
      `import { Worker } from "node:worker_threads";
       const threads = [0, 1].map(() => new Worker(new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(thread)}))));
       await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once("exit", resolve))));
       await agent.delivered();
       setTimeout(() => process.exit(0), 1500);`,
      { spool: spoolFolder(), module: modules[1]!, env: { WAYWARD_SERVER: server.address, WAYWARD_NAME: "threads" } },
    );
    expect(await child.ended).toEqual({ code: 0, signal: null });
    const records = await server.ask("read", "--name", "threads-below", "--kind", "note");
    expect(records.filter(({ kind }) => kind === "note.text")).toHaveLength(2);
  });
});

describe("an agent whose server does not answer", () => {
  const root = mkdtempSync(join(tmpdir(), "agent-alone-"));
  afterAll(() => rmSync(root, { recursive: true }));

  test("says so once, ends in time with the program's own code, and keeps its spool", () => {
    const begun = performance.now();
    const child = runProgram(`agent.note("kept"); setTimeout(() => process.exit(5), 1500);`, {
      spool: root,
      env: { WAYWARD_SERVER: NOWHERE },
    });
    expect(performance.now() - begun).toBeLessThan(8_000);
    expect(child.status).toBe(5);
    const [session] = sessionsIn(root);
    expect(child.stderr).toMatch(
      /^(wayward: 127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9; records wait in the spool\n)?wayward: \d+ blocks wait in .*\n$/,
    );
    expect(child.stderr).toContain(
      ` in ${join(root, session!)}; push with \`wayward collect --once --server ${NOWHERE} ${root}\`\n`,
    );
  });

  test("never keeps the process alive, and waits for a silent server no longer than it may", async () => {
    // Takes connections and says nothing.
    const silent = createServer(() => {});
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const options = `{ server: "127.0.0.1:${port}", exitMs: 300 }`;
    const begun = performance.now();
    const child = launch(`agent.note("kept"); console.log("ready");`, { spool: root, options });
    await child.says(/ready/);
    const ready = performance.now() - begun;
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - begun - ready).toBeLessThan(3_000);
    silent.close();
  });

  test("tells that nothing was delivered", () => {
    const child = runProgram(
      `agent.note("kept"); await agent.delivered(200).catch(({ code, reason }) => console.log(code, reason));`,
      { spool: root, env: { WAYWARD_SERVER: NOWHERE } },
    );
    expect(child.stdout).toBe("UNAVAILABLE NOT_DELIVERED\n");
  });
});

describe("an agent without a server", () => {
  const loads = `
    const builtin = process.moduleLoadList.filter((name) => /http2/.test(name));
    const { sharedObjects } = process.report.getReport();
    const { createRequire } = await import("node:module");
    const packages = Object.keys(createRequire("/").cache);
    console.log(JSON.stringify({ builtin, packages, grpc: JSON.stringify(sharedObjects).includes("grpc") }));`;

  test.each([SYSTEM_NODE, process.execPath])("only writes, starts no thread and loads no gRPC on %s", async (node) => {
    const { importPath } = await agentBundle();
    const root = mkdtempSync(join(tmpdir(), "agent-only-"));
    const child = runProgram(`agent.note("x"); agent.flush();${loads}`, { spool: root, node, module: importPath });
    const { builtin, packages, grpc } = JSON.parse(child.stdout);
    expect(builtin).toEqual([]);
    expect(packages).toEqual([importPath]);
    expect(grpc).toBe(false);
    expect(sessionsIn(root)).toHaveLength(1);
    rmSync(root, { recursive: true });
  });

  test("leaves pushing to `wayward run` where that does it", () => {
    const root = mkdtempSync(join(tmpdir(), "agent-below-"));
    const count = `const { readdirSync } = await import("node:fs"); const before = readdirSync("/proc/self/task").length;
      await new Promise((resolve) => setTimeout(resolve, 600)); console.log(readdirSync("/proc/self/task").length - before, process.env.WAYWARD_PUSHER);`;
    const child = runProgram(count, { spool: root, env: { WAYWARD_SERVER: NOWHERE, WAYWARD_PUSHER: "run" } });
    expect(child.stdout).toBe("0 run\n");
    expect(child.stderr).toBe("");
    rmSync(root, { recursive: true });
  });
});
