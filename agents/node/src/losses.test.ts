import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { ingest } from "@wayward/api";
import { delay } from "@wayward/base";
import type { Envelope } from "@wayward/block";
import { collect } from "@wayward/collector";
import { IngestServer } from "./testing/ingest.ts";
import { launch, runProgram } from "./testing/program.ts";
import { type Row, readSpool, rowsOf, sessionsIn } from "./testing/spool.ts";

const root = mkdtempSync(join(tmpdir(), "agent-losses-"));
let folders = 0;
const spoolFolder = () => join(root, String(folders++));
afterAll(() => rmSync(root, { recursive: true }));

const drops = (rows: readonly Row[]) =>
  rows.filter(({ kind }) => kind === "drop.records").map(({ values }) => [values.cause, Number(values.count)]);
const notes = (rows: readonly Row[]) => rows.filter(({ kind }) => kind === "note.text").length;

/** Five notes in a block of their own. */
const FIVE = `agent.flush(); for (let n = 0; n < 5; n++) agent.note("five"); agent.flush();`;

/** Refuses blocks of five records for ever. */
const refusesFive = {
  refuses: ({ header }: { readonly header: { readonly recordCount: number } }) =>
    header.recordCount === 5 ? ingest.Reason.REASON_QUOTA : undefined,
};

async function until(what: () => boolean): Promise<void> {
  for (let turn = 0; turn < 300 && !what(); turn++) await delay(20);
  expect(what()).toBe(true);
}

describe("what a server refuses for ever", () => {
  test("is set aside, told by the session itself, and told to who asks for delivery", async () => {
    const server = new IngestServer(refusesFive);
    const spool = spoolFolder();
    const program = launch(
      `${FIVE} await agent.delivered().catch(({ code, reason, message }) => console.log(code, reason, message));
       setTimeout(() => process.exit(0), 1500);`,
      { spool, env: { WAYWARD_SERVER: await server.listen() } },
    );
    expect(await program.ended).toEqual({ code: 0, signal: null });
    server.stop();
    expect(program.stdout).toBe("DATA_LOSS REFUSED the server refused 5 records for ever\n");
    expect(program.stderr).toMatch(/^wayward: block 2 of \S+ was refused: by the test\n$/);
    const [session = ""] = sessionsIn(spool);
    expect(readdirSync(join(spool, session, "refused"))).toEqual(["000000000002.block"]);
    expect(drops(readSpool(spool, session).rows)).toEqual([["refused", 5]]);
    expect(server.taken.length).toBeGreaterThanOrEqual(4);
  });

  test("is told by the adopter where the program died before it could", async () => {
    const server = new IngestServer(refusesFive);
    const address = await server.listen();
    const spool = spoolFolder();
    const program = launch(`${FIVE} console.log("ready"); setInterval(() => {}, 1000);`, { spool });
    await program.says(/ready/);
    program.child.kill("SIGSTOP");
    const stop = new AbortController();
    const collecting = collect({ root: spool, address, signal: stop.signal });
    const [session = ""] = sessionsIn(spool);
    try {
      await until(() => existsSync(join(spool, session, "losses")));
      program.child.kill("SIGKILL");
      await program.ended;
      await until(() => readdirSync(join(spool, session)).includes("000000000003.block"));
    } finally {
      program.child.kill("SIGKILL");
      stop.abort();
      await collecting;
      server.stop();
    }
    const { headers, rows } = readSpool(spool, session);
    expect(headers.at(-1)).toMatchObject({ recordCount: 1, end: { cause: 1 } });
    expect(drops(rows)).toEqual([["refused", 5]]);
  });
});

describe("what a server refuses of a session that has ended", () => {
  type Header = Envelope["header"];

  /** What a server takes that refuses the first `most` blocks that match, and archives the others. */
  async function taken(matches: (header: Header) => boolean, most: number): Promise<readonly Envelope[]> {
    const spool = spoolFolder();
    expect(runProgram(`${FIVE} agent.note("last"); process.exit(3);`, { spool }).status).toBe(3);
    const refused = new Set<bigint>();
    const refuses = ({ header }: Envelope) => {
      if (!matches(header) || (refused.size === most && !refused.has(header.seq))) return undefined;
      refused.add(header.seq);
      return ingest.Reason.REASON_QUOTA;
    };
    const server = new IngestServer({ archives: true, refuses });
    const stop = new AbortController();
    const collecting = collect({ root: spool, address: await server.listen(), signal: stop.signal });
    try {
      await until(() => sessionsIn(spool).length === 0);
    } finally {
      stop.abort();
      await collecting;
      server.stop();
    }
    return server.taken;
  }

  test.each<[string, (header: Header) => boolean, number]>([
    ["a block before the last", ({ recordCount }) => recordCount === 5, 5],
    ["the last block", ({ end }) => end !== undefined, 1],
  ])("is told in one more block, with the end mark, before the folder goes: %s", async (_, matches, lost) => {
    const last = (await taken(matches, 1)).at(-1)!;
    // As the writer has said it.
    expect(last.header.end).toEqual({ lastSeq: last.header.seq, cause: 0, uncertainMs: 0, exit: "3" });
    expect(drops(rowsOf([last]))).toEqual([["refused", lost]]);
  });

  test("is given up where the block that tells it is refused as well", async () => {
    expect(await taken(() => true, Number.POSITIVE_INFINITY)).toEqual([]);
  });
});

describe("what a spool cannot take", () => {
  // Notes that do not compress, so that a spool is soon full; 20 at a time.
  const flood = `
    import { randomBytes } from "node:crypto";
    let attempted = 0;
    const filling = setInterval(() => {
      for (let n = 0; n < 20; n++, attempted++) agent.note(randomBytes(1024).toString("hex"));
      if (attempted === 6000) { clearInterval(filling); console.log("filled"); }
    }, 2);
    process.stdin.once("data", () => {
      agent.flush(); agent.flush(); agent.note("room again"); console.log("attempted " + (attempted + 1)); process.exit(0);
    });`;

  async function fillAndFree(spool: string, options: string): Promise<void> {
    const program = launch(flood, { spool, options });
    await program.says(/filled/);
    await delay(200);
    const [session = ""] = sessionsIn(spool);
    const kept = readSpool(spool, session);
    const folder = join(spool, session);
    // What a pusher does once the archive has blocks.
    for (const name of readdirSync(folder)) if (/^0*[1-9]\d*\.block/.test(name)) rmSync(join(folder, name));
    program.child.stdin?.write("go\n");
    const attempted = Number(await program.says(/attempted (\d+)/));
    expect(await program.ended).toEqual({ code: 0, signal: null });
    const rest = readSpool(spool, session, kept.dictionary);
    const seqs = [...kept.headers, ...rest.headers.slice(1)].map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => BigInt(index)));
    const lost = drops(rest.rows);
    expect(lost.map(([cause]) => cause)).toContain("spool-full");
    const dropped = lost.reduce((sum, [, count]) => sum + Number(count), 0);
    expect(dropped).toBeGreaterThan(0);
    expect(notes(kept.rows) + notes(rest.rows) + dropped).toBe(attempted);
  }

  test("is counted once there is room below the quota again", async () => {
    await fillAndFree(spoolFolder(), "{ quotaBytes: 1024 * 1024, words: 6_000 }");
  });

  test("is told by a program that ends while its spool is at the quota", () => {
    const spool = spoolFolder();
    const { status } = runProgram(
      `import { randomBytes } from "node:crypto";
       for (let n = 1; n <= 6000; n++) {
         agent.note(randomBytes(1024).toString("hex"));
         if (n % 20 === 0 && n < 3000) agent.flush();
       }
       process.exit(0);`,
      { spool, options: "{ quotaBytes: 1024 * 1024, words: 6_000 }" },
    );
    expect(status).toBe(0);
    const [session = ""] = sessionsIn(spool);
    const { headers, rows } = readSpool(spool, session);
    expect(headers.at(-1)?.end).toMatchObject({ cause: 0, exit: "0" });
    const lost = drops(rows);
    expect(lost).toEqual([["spool-full", expect.any(Number)]]);
    expect(notes(rows) + Number(lost[0]?.[1])).toBe(6000);
  });

  const disk = join(root, "disk");
  const mounted = mountSmall(disk);
  (mounted ? test : test.skip)("is counted once a full disk has room again", async () => {
    try {
      await fillAndFree(join(disk, "spool"), "{ words: 6_000 }");
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});

/** A disk of 2 MiB, where this user may have one. */
function mountSmall(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("SKIPPED: this user may not mount a small disk, so a full one is not tested\n");
    return false;
  }
}

describe("a start that cannot work", () => {
  const file = join(root, "file");
  const work = `
    agent.zone("z", () => agent.log.info("x")); using lock = await agent.mutex("m").acquire();
    agent.flush(); await agent.delivered().catch(({ reason }) => console.log(reason)); console.log(agent.recording);
    process.exitCode = 9;`.replace("using lock = ", "");

  test.each([
    ["a spool below a file", { spool: join(file, "x") }, "", /^wayward: ENOTDIR.*; nothing is recorded\n$/],
    ["a spool nobody may make", { spool: "/proc/none" }, "", /^wayward: ENOENT.*; nothing is recorded\n$/],
    ["an interval of no time", {}, "{ flushMs: 0 }", /^wayward: flushMs is 0, not a whole number from 1 to 60000; /],
    [
      "a server without a port",
      {},
      `{ server: "there" }`,
      /^wayward: server is "there", not host:port, or https:\/\/host:port for TLS; nothing/,
    ],
    ["labels that are no texts", {}, "{ labels: { a: 1 } }", /^wayward: label "a" is 1, not a text; nothing/],
    ["levels nobody knows", {}, `{ levels: "db=loud" }`, /^wayward: levels has "db=loud", not channel=level; nothing/],
    ["options that throw", {}, `{ get name() { throw new Error("no\\nname"); } }`, /^wayward: no name; nothing/],
  ])("says why in one line and leaves the program alone: %s", (_, given, options, line) => {
    writeFileSync(file, "");
    const child = runProgram(work, { spool: spoolFolder(), ...given, options });
    expect(child.stderr).toMatch(line);
    expect(child.stderr.trim().split("\n")).toHaveLength(1);
    expect([child.status, child.stdout]).toEqual([9, "NOT_RECORDING\nfalse\n"]);
  });
});
