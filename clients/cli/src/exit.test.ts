import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CommandLine, ended, linesOf } from "./testing/command-line.ts";

const NOBODY = "0".repeat(26);

describe("wayward", () => {
  const line = new CommandLine("exit");
  const wayward = (args: readonly string[], more?: NodeJS.ProcessEnv) => ended(line.start(args, more));

  beforeAll(async () => {
    await line.up();
    const program = "for (let i = 0; i < 30; i++) console.log('line', i)";
    await line.run("run", "--name", "sample", "--", process.execPath, "-e", program);
  }, 60_000);
  afterAll(() => line.remove());

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
    ["read --nothing", 2, /^wayward: unknown option '--nothing'\n\(`wayward read --help` tells more\)/],
    ["help locks replay", 0, /^$/],
    ["help locks nothing", 2, /^wayward: unknown command 'locks nothing'/],
    ["stats --top 0", 2, /--top is "0", not a whole number from 1 on/],
    ["stats --by kind --sort sum", 2, /--sort sum needs --measure/],
    ["findings suppress abc", 2, /the fingerprint is "abc"/],
    ["sessions --server 127.0.0.1:1", 4, /no server answers at 127.0.0.1:1/],
    ["sessions --server here", 2, /is not host:port/],
    ["run --label a=x,y -- node -e 0", 2, /--label is "a=x,y", not key=value without a comma/],
    ["run -- no-such-program", 3, /no program is called "no-such-program" \[NO_PROGRAM\]/],
    ["doctor", 0, /^$/],
    ["doctor --server 127.0.0.1:1", 5, /^$/],
  ];

  test.each(CASES)("%s ends with %i and says why", async (typed, code, says) => {
    const answer = await wayward(typed.split(" "));
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

  test.each(ENDLESS)("Ctrl-C ends %s with 130, once it is at it", async (typed, output) => {
    // A spool of its own, with a block that waits for the server.
    const spool = join(line.folder, typed.replaceAll(/\W+/g, "-"));
    mkdirSync(join(spool, NOBODY), { recursive: true });
    writeFileSync(join(spool, NOBODY, "000000000000.block"), "never sent");
    const child = line.start(typed.split(" "), { WAYWARD_SPOOL: spool });
    child[output]?.once("data", () => child.kill("SIGINT"));
    expect(await ended(child)).toMatchObject({ code: 130 });
  });

  test("read gives the same records forward, backward and as JSON", async () => {
    const lines = async (...args: string[]) => linesOf((await line.run("read", "--kind", "log", ...args)).stdout);
    const forward = await lines();
    expect(forward).toHaveLength(30);
    expect(await lines("--reverse")).toEqual([...forward].reverse());
    const json = await line.json("read", "--kind", "log");
    expect(json.slice(0, -1).map(({ text }) => text)).toEqual(Array.from({ length: 30 }, (_, at) => `line ${at}`));
    expect(json.at(-1)).toMatchObject({ coverage: { records: "30", complete: true } });
  });

  test("threads shows people what lanes did, and programs all columns", async () => {
    const [head = "", ...rows] = linesOf((await line.run("threads")).stdout);
    expect(head).toMatch(/^SESSION +LANE +NAME +KIND .*RUNNING/);
    expect(head).not.toMatch(/BARRIER/);
    expect(rows.length).toBeGreaterThan(0);
    expect((await line.json("threads"))[0]).toMatchObject({ table: "lanes", barrier: 0 });
  });

  test("export writes a trace that parses, and lines that do", async () => {
    const file = join(line.folder, "trace.json");
    await wayward(["export", "--output", file]);
    const { traceEvents } = JSON.parse(readFileSync(file, "utf8"));
    expect(traceEvents.filter(({ name }: { name?: string }) => name === "")).toEqual([]);
    expect(traceEvents.filter(({ name }: { name: string }) => /^line \d+$/.test(name))).toHaveLength(30);
    const { stdout } = await wayward(["export", "--format", "ndjson", "--limit", "3"]);
    expect(linesOf(stdout).map((one) => JSON.parse(one).session_name)).toEqual(["sample", "sample", "sample"]);
  });

  test("doctor names the hop that fails and what to do", async () => {
    const refused = await wayward(["doctor", "--server", "127.0.0.1:1"]);
    expect(refused.stdout).toMatch(/FAIL {2}ingest +127.0.0.1:1: ECONNREFUSED\n +fix: start the server: wayward up/);
    const spool = await wayward(["doctor", "--json"], { WAYWARD_SPOOL: join(line.folder, "missing") });
    const findings = linesOf(spool.stdout).map((one) => JSON.parse(one));
    expect(findings.filter(({ ok }) => !ok)).toMatchObject([
      { hop: "spool", fix: expect.stringContaining("make the folder") },
    ]);
    expect(spool.code).toBe(5);
  });
});
