import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { BIN, CommandLine, ended } from "../testing/command-line.ts";

/** A Node that is not ours, where the machine has one. */
function systemNode(): string | undefined {
  const path = (process.env.PATH ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  try {
    const script = "process.stdout.write(process.execPath)";
    return execFileSync("node", ["-e", script], { env: { PATH: path.join(":") }, encoding: "utf8" });
  } catch {
    return undefined;
  }
}

/** Folders of sessions in a spool that may not be there yet. */
function sessionsIn(spool: string): string[] {
  return existsSync(spool) ? readdirSync(spool).filter((name) => name !== "control") : [];
}

/** Waits for anything to be there. */
async function until(there: () => string[]): Promise<string[]> {
  for (let turn = 0; turn < 400; turn++) {
    const found = there();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it does not come");
}

describe("wayward run", () => {
  const line = new CommandLine("run");

  beforeAll(async () => {
    await line.up();
  }, 30_000);
  afterAll(() => line.remove());

  test("records requests, console and errors of a program that knows nothing, and ends with its code", async () => {
    const path = line.file(
      "shop.mjs",
      `import { createServer } from "node:http";
       const server = createServer((request, response) => { console.warn("low on %s", "tea"); response.end("ok"); });
       server.listen(0, "127.0.0.1", async () => {
         const url = "http://127.0.0.1:" + server.address().port;
         for (let i = 0; i < 3; i++) await (await fetch(url + "/tea?token=secret")).text();
         server.close(() => { setTimeout(() => { throw new Error("out of tea"); }, 20); });
       });`,
    );
    const { code, stderr } = await line.run("run", "--name", "shop", "--label", "team=tea", "--", "node", path);
    expect(code).toBe(1);
    expect((await line.run("sessions", "--name", "shop")).stdout).toMatch(/ shop .* ENDED \(exit 1\) /);
    expect((await line.run("read", "--name", "shop")).stderr).toMatch(/, complete\n {2}shop \w{26}: exit 1\n/);
    expect(stderr).toContain("out of tea");
    const [session] = await line.json("sessions", "--name", "shop", "--label", "team=tea");
    expect(session).toMatchObject({ state: "ENDED", description: { name: "shop" } });
    const records = await line.json("read", "--name", "shop");
    const zones = records.filter(({ kind }) => kind === "zone.begin").map(({ fields }) => fields.name);
    expect(zones.filter((name) => name === "GET /tea")).toHaveLength(3);
    const ends = records.filter(({ kind, fields }) => kind === "zone.end" && fields.name === "GET /tea");
    expect(ends.map(({ fields }) => BigInt(fields.duration) > 0n && fields.status)).toEqual(["200", "200", "200"]);
    const traced = await line.run("export", "--name", "shop", "--where", "duration > 0");
    const { traceEvents } = JSON.parse(traced.stdout);
    expect(
      traceEvents.filter(({ ph, name }: { ph: string; name: string }) => ph === "e" && name === "GET /tea").length,
    ).toBe(3);
    expect(JSON.stringify(records)).not.toContain("secret");
    const said = records
      .filter(({ kind }) => kind === "log.message")
      .map(({ text, fields }) => `${fields.channel} ${fields.level} ${text}`);
    expect(said).toContain("console warn low on tea");
    expect(said.some((line) => line.startsWith("process fatal") && line.includes("out of tea"))).toBe(true);
  }, 30_000);

  test("tells how a killed program ended, and loses nothing that it had flushed", async () => {
    const path = line.file(
      "beat.mjs",
      `let n = 0; setInterval(() => { console.log("beat " + n++); if (n === 20) process.kill(process.pid, "SIGKILL"); }, 20);`,
    );
    const { code, stderr } = await line.run("run", "--name", "beat", "--", "node", path);
    expect(code).toBe(137);
    const [, id = ""] = /^wayward: recorded beat (\w{26}): wayward read -s \1$/m.exec(stderr) ?? [];
    const [session] = await line.json("sessions", "--session", id);
    expect(session).toMatchObject({ description: { name: "beat" }, end: { cause: "UNCLEAN", exit: "SIGKILL" } });
    expect((await line.run("sessions", "--session", id)).stdout).toMatch(/ beat .* ENDED \(SIGKILL\) /);
    expect((await line.run("read", "--session", id)).stderr).toMatch(/the writer vanished \(SIGKILL\)/);
    const records = await line.json("read", "--name", "beat", "--kind", "log");
    const coverage = records.pop();
    expect(records.length).toBeGreaterThanOrEqual(15);
    expect(records.map(({ text }) => text)).toEqual(records.map((_, index) => `beat ${index}`));
    expect(coverage).toMatchObject({
      coverage: {
        gaps: [
          { session: id, cause: "UNCLEAN_END", message: expect.stringContaining("the writer vanished (SIGKILL)") },
        ],
      },
    });
    expect(readdirSync(line.env.WAYWARD_SPOOL!).length).toBeLessThanOrEqual(2);
  }, 30_000);

  const node = systemNode();
  (node === undefined ? test.skip : test)(
    "records a program on the machine's own Node, and its children as one run",
    async () => {
      const child = line.file("child.mjs", `console.log("child");`);
      const parent = line.file(
        "parent.mjs",
        `import { fork } from "node:child_process"; console.log(process.version); fork(${JSON.stringify(child)});`,
      );
      const { code, stderr } = await line.run("run", "--", node!, parent);
      expect(code).toBe(0);
      const [, run = ""] = /recorded parent \w{26} and 1 more: wayward read --run (\S+)$/m.exec(stderr) ?? [];
      expect(await line.json("sessions", "--run", run)).toHaveLength(2);
      const [first] = await line.json("sessions", "--name", "parent");
      const [second] = await line.json("sessions", "--name", "child");
      expect(second.description.run).toBe(first.description.run);
      expect(second.description.parent).toBe(first.session);
      expect((await line.json("read", "--name", "child", "--kind", "log"))[0]).toMatchObject({ text: "child" });
    },
    30_000,
  );

  test("sees every stall of the event loop, also the last", async () => {
    const path = line.file(
      "stall.mjs",
      `import { setTimeout as sleep } from "node:timers/promises";
       const stall = () => { const until = Date.now() + 400; while (Date.now() < until); };
       for (let n = 0; n < 3; n++) { await sleep(1000 + n * 37); stall(); }
       await sleep(1100); stall();`,
    );
    await line.run("run", "--name", "stall", "--", "node", path);
    const late = await line.json("read", "--name", "stall", "--kind", "event-loop", "--where", "max >= 350ms");
    expect(late.length - 1).toBeGreaterThanOrEqual(4);
    const { stdout } = await line.run("read", "--name", "stall", "--kind", "event-loop");
    expect(stdout).toMatch(/ event-loop\.lateness p99=\S+ max=\d{3}ms\n/);
  }, 30_000);

  test("says that a program without Node was not recorded", async () => {
    const { code, stderr } = await line.run("run", "--", "sh", "-c", "exit 3");
    expect([code, stderr]).toEqual([3, "wayward: nothing was recorded: the program started no Node\n"]);
  });

  test("counts what a server that went away has not accepted", async () => {
    const other = new CommandLine("run-away");
    await other.up();
    const path = other.file(
      "beats.mjs",
      `let n = 0; const beat = setInterval(() => console.log(n++), 60); process.once("SIGTERM", () => clearInterval(beat));`,
    );
    const running = other.start(["run", "--", process.execPath, path]);
    const end = ended(running);
    const [session = ""] = await until(() => sessionsIn(other.env.WAYWARD_SPOOL!));
    const folder = join(other.env.WAYWARD_SPOOL!, session);
    const blocks = () => readdirSync(folder).filter((name) => name.endsWith(".block")).length;
    await until(() => (blocks() > 10 ? ["many"] : []));
    await other.down();
    const before = blocks();
    await until(() => (blocks() > before + 5 ? ["more"] : []));
    running.kill("SIGTERM");
    const { stderr } = await end;
    const accepted = Number(readFileSync(join(folder, "accepted"), "utf8").split(" ")[0]);
    const left = readdirSync(folder).filter((name) => name.endsWith(".block") && Number.parseInt(name, 10) > accepted);
    const [, waiting] = /^wayward: (\d+) blocks of beats \w{26} wait/m.exec(stderr) ?? [];
    expect(accepted).toBeGreaterThan(5);
    expect(left.length).toBeLessThan(blocks());
    expect(Number(waiting)).toBe(left.length);
    await other.remove();
  }, 60_000);

  test("keeps the spool and says so where no server is", async () => {
    const path = line.file("alone.mjs", `console.log("alone");`);
    const spool = join(line.folder, "a state/wayward/spool");
    const begun = performance.now();
    const { code, stderr } = await line.run("run", "--server", "127.0.0.1:9", "--spool", spool, "--", "node", path);
    expect(code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(8_000);
    const push = `wayward collect --once --server 127.0.0.1:9 '${spool}'`;
    expect(stderr).toMatch(/^wayward: \d blocks? of alone \w{26} waits? in .*spool: .*ECONNREFUSED/);
    expect(stderr).toContain(`; push with \`${push}\`\n`);
    const state = { WAYWARD_SPOOL: undefined, XDG_STATE_HOME: join(line.folder, "a state") };
    const { stdout } = await ended(line.start(["doctor"], state));
    expect(stdout).toMatch(
      /ok {4}spool +.*: \d+ blocks? of 1 session waits?\n +fix: if their programs have ended: wayward collect --once '.*'\n/,
    );
    // Another run sends its own, and says what is there still, and how to send that.
    const next = await line.run("run", "--name", "next", "--spool", spool, "--", "node", path);
    const [, command = ""] =
      /^wayward: \d blocks? of 1 earlier session waits? in .* too: `(.*)`$/m.exec(next.stderr) ?? [];
    expect(command).toBe(`wayward collect --once --server ${line.env.WAYWARD_SERVER} '${spool}'`);
    expect(await line.json("sessions", "--name", "alone")).toEqual([]);
    // As a shell takes it.
    const wayward = `wayward() { "${process.execPath}" "${BIN}" "$@"; }`;
    execFileSync("sh", ["-c", `${wayward}; ${command}`], { env: { ...line.env, WAYWARD_SERVER: "127.0.0.1:9" } });
    expect((await line.json("read", "--name", "alone", "--kind", "log"))[0]).toMatchObject({ text: "alone" });
    const after = await line.run("run", "--name", "third", "--spool", spool, "--", "node", path);
    expect(after.stderr).toMatch(/^wayward: recorded third \w{26}: .*\n$/);
  }, 40_000);
});
