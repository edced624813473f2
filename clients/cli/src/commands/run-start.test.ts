import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { agentBundle } from "@wayward/agent";
import { VERSION } from "@wayward/base";
import { CommandLine } from "../testing/command-line.ts";

/** What programs get of `@wayward/agent`: the source on our Node, a bundle on an older one. */
const AGENT = join(import.meta.dirname, "../../../../agents/node/entry.mjs");

describe("wayward run of a program that starts the agent itself", () => {
  const line = new CommandLine("run-start");

  beforeAll(async () => {
    await line.up();
  }, 30_000);
  afterAll(() => line.remove());

  /** A program of one file below a run; `name` is its own, of this test alone. */
  async function run(name: string, code: string, ...options: string[]) {
    const path = line.file(`${name}.mjs`, `import { start } from ${JSON.stringify(AGENT)};\n${code}`);
    const { code: exit, stderr } = await line.run("run", ...options, "--", process.execPath, path);
    const [, run = ""] = /wayward read --run (\S+)$/m.exec(stderr) ?? [];
    const [, session = ""] = /wayward read -s (\S+)$/m.exec(stderr) ?? [];
    const of = run === "" ? ["--session", session] : ["--run", run];
    return { exit, stderr, of, sessions: await line.json("sessions", ...of) };
  }

  /** Everything of the run, without the coverage, which tells of no gap. */
  async function records(of: readonly string[]) {
    const read = await line.json("read", ...of);
    expect(read.pop()).toMatchObject({ coverage: { gaps: [], complete: true } });
    return read;
  }

  test("is one session, with all records on their lanes, until the process ends", async () => {
    const { exit, stderr, of, sessions } = await run(
      "joins",
      `import { createServer } from "node:http";
       const agent = start({ name: "joined", labels: { part: "stock", team: "coffee" } });
       const lock = agent.mutex("shelf");
       const server = createServer((_, response) => { console.log("asked"); response.end("tea"); });
       await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
       const url = "http://127.0.0.1:" + server.address().port + "/tea";
       for (let n = 0; n < 3; n++) {
         await agent.zoneAsync("round", () => lock.run(async () => { agent.log.info("round {}", n); await (await fetch(url)).text(); }));
       }
       server.close();
       agent.stop("over");
       setTimeout(() => { agent.note("after stop"); console.log("last"); process.exit(3); }, 200);`,
      "--label",
      "team=tea",
    );
    expect(exit).toBe(3);
    expect(stderr).toMatch(/^wayward: recorded joined \w{26}: wayward read -s \w{26}$/m);
    expect(sessions).toHaveLength(1);
    const [{ description, end, state }] = sessions;
    expect(description.name).toBe("joined");
    expect(description.labels).toEqual([
      { key: "part", value: "stock" },
      { key: "team", value: "tea" },
    ]);
    expect([state, end]).toEqual(["ENDED", expect.objectContaining({ exit: "3" })]);
    const all = await records(of);
    expect(new Set(all.map(({ lane_name }) => lane_name))).toEqual(new Set(["main"]));
    expect(new Set(all.map(({ lane }) => lane)).size).toBe(1);
    const said = all
      .filter(({ kind }) => kind === "log.message")
      .map(({ fields, text }) => `${fields.channel} ${text}`);
    const rounds = [0, 1, 2].flatMap((n) => [`main round ${n}`, "console asked"]);
    expect(said).toEqual([...rounds, "console last"]);
    expect(all.filter(({ kind }) => kind === "note.text")).toHaveLength(1);
    // Each end has its begin, of the program's zones and of those that were recorded from outside.
    const ends = all.filter(({ kind, fields }) => kind === "zone.end" && BigInt(fields.duration) > 0n);
    const names = ends.map(({ fields }) => String(fields.name).replace("127.0.0.1", "host"));
    expect(names.sort()).toEqual([
      ...["GET /tea", "GET /tea", "GET /tea"],
      ...["GET host/tea", "GET host/tea", "GET host/tea"],
      ...["round", "round", "round"],
    ]);
    expect(all.filter(({ kind }) => kind === "lock.released")).toHaveLength(3);
  }, 60_000);

  test("is called as `wayward run --name` says, else as the program says, however long it loads", async () => {
    const slow = `await new Promise((resolve) => setTimeout(resolve, 1_500)); start({ name: "slow-named" });`;
    expect((await run("slow", slow)).sessions[0].description.name).toBe("slow-named");
    const named = await run("own", `start({ name: "own" }).note("x");`, "--name", "by-the-run");
    expect(named.sessions.map(({ description }) => description.name)).toEqual(["by-the-run"]);
    expect(named.stderr).toMatch(/^wayward: recorded by-the-run/);
    const late = `console.log("early"); await new Promise((resolve) => setTimeout(resolve, 400)); start({ name: "too-late" }); start();`;
    const { sessions, stderr } = await run("late", late);
    expect(sessions.map(({ description }) => description.name)).toEqual(["late"]);
    expect(stderr).toMatch(
      /^wayward: session "late" had begun when start\(\) gave it another name or labels: .*\n.*recorded late/,
    );
  }, 60_000);

  test("takes levels, rules of locks and sites of its start, and what the server says to its name", async () => {
    const rules = ["levels", "error", "--channel", "http", "--name", "follows"];
    expect(await line.run(...rules)).toMatchObject({ code: 0 });
    // The first run brings the server's rules, the second has them from the begin.
    for (const name of ["before", "follow"]) {
      const { of } = await run(
        name,
        `const agent = start({ name: "follows", levels: "db=warn", locks: "shelf=off", sites: true });
         ${name === "before" ? "await new Promise((resolve) => setTimeout(resolve, 1500));" : ""}
         for (const channel of ["db", "http", "main"]) { agent.channel(channel).info("info of {}", channel); agent.channel(channel).error("error of {}", channel); }
         await agent.mutex("shelf").run(() => {});`,
      );
      const all = await records(of);
      expect(all.filter(({ kind }) => kind === "log.message").map(({ text }) => text)).toEqual([
        ...["error of db", "error of http", "info of main", "error of main"],
      ]);
      expect(all.filter(({ kind }) => kind.startsWith("lock.")).map(({ kind }) => kind)).toEqual(["lock.tracing"]);
      expect(all.find(({ kind }) => kind === "log.message").site).toMatchObject({ line: expect.any(Number) });
    }
  }, 60_000);

  test("joins in each worker thread the session of that thread", async () => {
    const { sessions, of } = await run(
      "threads",
      `import { isMainThread, threadId, Worker } from "node:worker_threads";
       const agent = start({ name: isMainThread ? "threads-main" : "threads-below" });
       console.log("console");
       agent.log.info("own");
       if (isMainThread) {
         const ends = [0, 1].map(() => new Worker(new URL(import.meta.url))).map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
         await Promise.all(ends);
       }`,
    );
    expect(sessions.map(({ description }) => description.name).sort()).toEqual([
      ...["threads-below", "threads-below", "threads-main"],
    ]);
    const said = (await records(of)).filter(({ kind }) => kind === "log.message");
    const bySession = sessions.map(({ session }) => said.filter((record) => record.session === session));
    for (const own of bySession) {
      expect(own.map(({ text }) => text)).toEqual(["console", "own"]);
      expect(new Set(own.map(({ lane }) => lane)).size).toBe(1);
    }
  }, 60_000);

  /** A copy of the agent somewhere else, as packages bring it along. */
  async function copyOf(folder: string, change = (code: string) => code): Promise<string> {
    const { importPath } = await agentBundle();
    cpSync(join(importPath, ".."), join(line.folder, folder), { recursive: true });
    const copy = join(line.folder, folder, "agent.cjs");
    writeFileSync(copy, change(readFileSync(copy, "utf8")));
    return JSON.stringify(pathToFileURL(copy).href);
  }

  test("is one session also by a second copy of the package", async () => {
    const code = `import copy from ${await copyOf("copy")};
      const [one, other] = [start({ name: "copies" }), copy.start({ name: "another" })];
      one.note("one"); other.note("other"); console.log(one === other);`;
    const { sessions, of, stderr } = await run("copies", code);
    expect(sessions.map(({ description }) => description.name)).toEqual(["copies"]);
    const texts = (await records(of)).map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(["one", "other", "true"]));
    expect(stderr).not.toContain("two sessions");
  }, 60_000);

  test("has two by a copy of another version, and says so once", async () => {
    const older = await copyOf("older", (code) => code.replaceAll(`version: "${VERSION}"`, `version: "0.0.9"`));
    const code = `import copy from ${older};
      for (let n = 0; n < 2; n++) copy.start({ name: "older" }).note("older"); start({ name: "newer" }).note("newer");`;
    const { sessions, stderr } = await run("versions", code);
    expect(sessions.map(({ description }) => `${description.name} ${description.agent}`).sort()).toEqual([
      `newer wayward-node/${VERSION}`,
      "older wayward-node/0.0.9",
    ]);
    const told = stderr.split("\n").filter((said) => said.includes("two sessions"));
    expect(told).toEqual([expect.stringContaining(`agent 0.0.9 cannot join agent ${VERSION}`)]);
  }, 60_000);

  test("is known also if it is killed before it did anything", async () => {
    const { exit, sessions } = await run("killed", `process.kill(process.pid, "SIGKILL");`);
    expect(exit).toBe(137);
    expect(sessions).toEqual([
      expect.objectContaining({ state: "ENDED", end: expect.objectContaining({ cause: "UNCLEAN", exit: "SIGKILL" }) }),
    ]);
  }, 60_000);
});
