import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

const BIN = join(import.meta.dirname, "../bin/wayward.mjs");
const NOBODY = "0".repeat(26);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe("wayward", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-exit-"));
  let env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: "", WAYWARD_SPOOL: folder };
  let up: ChildProcess;

  const start = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    spawn(process.execPath, [BIN, ...args], { env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = async (child: ChildProcess): Promise<Ended> => {
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (chunk) => {
        texts[name] += chunk;
      });
    }
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, ...texts };
  };
  const wayward = (args: readonly string[], more?: NodeJS.ProcessEnv) => ended(start(args, more));

  beforeAll(async () => {
    up = start(["up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"]);
    const address = await new Promise<string>((resolve) => {
      up.stderr?.on("data", (chunk) => {
        const match = /gRPC at (\S+?),/.exec(String(chunk));
        if (match?.[1] !== undefined) resolve(match[1]);
      });
    });
    env = { ...env, WAYWARD_SERVER: address };
    await wayward([
      "run",
      "--name",
      "sample",
      "--",
      process.execPath,
      "-e",
      "for (let i = 0; i < 30; i++) console.log('line', i)",
    ]);
  }, 60_000);
  afterAll(async () => {
    up.kill("SIGTERM");
    await ended(up);
    rmSync(folder, { recursive: true, force: true });
  });

  const CASES: readonly [string, number, RegExp][] = [
    ["--version", 0, /^$/],
    ["help", 0, /^$/],
    ["sessions", 0, /^$/],
    ["read --text line", 0, /^30 records of 1 session, complete$/m],
    ["read --text line --limit 20", 0, /^first 20 records of 1 session, more follow$/m],
    ["read --text line --limit 30", 0, /^30 records of 1 session, complete$/m],
    ["read --name nobody*", 0, /no session matches/],
    ["read --where level=wran", 0, /^level has no label "wran": it is one of trace, .*\n0 records/m],
    ["read --where foo=3", 0, /^no kind here has a field "foo"$/m],
    ["read --kind counter,log", 0, /^no kind or family "counter,log" is here; several are given as -k counter log$/m],
    ["export --kind lgo", 0, /^no kind or family "lgo" is here$/m],
    ["stats --by chanel", 0, /^no kind here has a field "chanel"$/m],
    ["stats --by kind --measure durration", 0, /^no kind here has a field "durration"$/m],
    ["stats --kind lgo", 0, /^no kind or family "lgo" is here$/m],
    ["read --kind log --where level=fatal", 0, /^0 records/],
    ["stats --kind log --by level", 0, /^\d+ records/],
    [`read --session ${NOBODY}`, 3, /is not here.*NO_SESSION/],
    [`stats --session ${NOBODY}`, 3, /NO_SESSION/],
    [`sessions --session ${NOBODY}`, 3, /NO_SESSION/],
    [`kinds --session ${NOBODY}`, 3, /NO_SESSION/],
    [`export --session ${NOBODY}`, 3, /NO_SESSION/],
    [`delete ${NOBODY}`, 3, /NO_SESSION/],
    ["read --session nobody", 2, /BAD_SESSION_ID/],
    ["read --where level>", 2, /expected a value.*at character 7/],
    ["read --limit none", 2, /--limit is "none"/],
    ["read --from yesterday", 2, /--from is "yesterday"/],
    ["stats --by zone --measure hold", 2, /BAD_COUNT/],
    ["stats --sort none", 2, /Allowed choices/],
    ["export --format none", 2, /Allowed choices/],
    ["export --output /nowhere/file", 1, /ENOENT/],
    ["nothing", 2, /unknown command/],
    ["read --nothing", 2, /unknown option/],
    ["sessions --server 127.0.0.1:1", 4, /no server answers at 127.0.0.1:1/],
    ["sessions --server here", 2, /is not host:port/],
    ["run -- no-such-program", 3, /no program is called "no-such-program" \[NO_PROGRAM\]/],
    ["doctor", 0, /^$/],
    ["doctor --server 127.0.0.1:1", 5, /^$/],
  ];

  test.each(CASES)("%s ends with %i and says why", async (line, code, says) => {
    const answer = await wayward(line.split(" "));
    expect(answer).toMatchObject({ code, stderr: expect.stringMatching(says) });
    // Data to stdout, messages to stderr.
    if (code !== 0 && code !== 5) expect(answer.stdout.replace(/^\{"displayTimeUnit"[\s\S]*/, "")).toBe("");
  });

  test("a run ends with its program's code where nothing can be collected", async () => {
    const program = [process.execPath, "-e", "setTimeout(() => process.exit(7), 500)"];
    const answer = await wayward(["run", "--spool", "/dev/null/spool", "--", ...program]);
    expect(answer).toMatchObject({ code: 7, stderr: expect.stringMatching(/nothing is pushed from .*ENOTDIR/) });
  });

  const ENDLESS: readonly [string, "stdout" | "stderr"][] = [
    ["tail --first", "stdout"],
    ["collect --server 127.0.0.1:1", "stderr"],
    ["collect --once --server 127.0.0.1:1", "stderr"],
  ];

  test.each(ENDLESS)("Ctrl-C ends %s with 130, once it is at it", async (line, output) => {
    // A spool of its own, with a block that waits for the server.
    const spool = join(folder, line.replaceAll(/\W+/g, "-"));
    mkdirSync(join(spool, NOBODY), { recursive: true });
    writeFileSync(join(spool, NOBODY, "000000000000.block"), "never sent");
    const child = start(line.split(" "), { WAYWARD_SPOOL: spool });
    child[output]?.once("data", () => child.kill("SIGINT"));
    expect(await ended(child)).toMatchObject({ code: 130 });
  });

  test("read gives the same records forward, backward and as JSON", async () => {
    const lines = async (...args: string[]) =>
      (await wayward(["read", "--kind", "log", ...args])).stdout.trim().split("\n");
    const forward = await lines();
    expect(forward).toHaveLength(30);
    expect(await lines("--reverse")).toEqual([...forward].reverse());
    const json = (await lines("--json")).map((line) => JSON.parse(line));
    expect(json.slice(0, -1).map(({ text }) => text)).toEqual(Array.from({ length: 30 }, (_, at) => `line ${at}`));
    expect(json.at(-1)).toMatchObject({ coverage: { records: "30", complete: true } });
  });

  test("export writes a trace that parses, and lines that do", async () => {
    const file = join(folder, "trace.json");
    await wayward(["export", "--output", file]);
    const { traceEvents } = JSON.parse(readFileSync(file, "utf8"));
    expect(traceEvents.filter(({ name }: { name?: string }) => name === "")).toEqual([]);
    expect(traceEvents.filter(({ name }: { name: string }) => /^line \d+$/.test(name))).toHaveLength(30);
    const { stdout } = await wayward(["export", "--format", "ndjson", "--limit", "3"]);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).session_name),
    ).toEqual(["sample", "sample", "sample"]);
  });

  test("doctor names the hop that fails and what to do", async () => {
    const refused = await wayward(["doctor", "--server", "127.0.0.1:1"]);
    expect(refused.stdout).toMatch(/FAIL {2}ingest +127.0.0.1:1: ECONNREFUSED\n +fix: start the server: wayward up/);
    const spool = await wayward(["doctor", "--json"], { WAYWARD_SPOOL: join(folder, "missing") });
    const findings = spool.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(findings.filter(({ ok }) => !ok)).toMatchObject([
      { hop: "spool", fix: expect.stringContaining("make the folder") },
    ]);
    expect(spool.code).toBe(5);
  });
});
