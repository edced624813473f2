import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { unwrap } from "@wayward/base";
import { collect } from "@wayward/collector";
import { parseSessionText } from "@wayward/record";
import { launch, type Running } from "./testing/program.ts";
import { readSpool, sessionsIn } from "./testing/spool.ts";

const NOWHERE = "127.0.0.1:9";

describe("a program that slept so long that another process ended its session", () => {
  let root: string;
  let spool: string;
  /** Is there once the program has slept: half an hour of its own clock. */
  let slept: string;
  let program: Running;

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "agent-slept-"));
    spool = join(root, "spool");
    slept = join(root, "slept");
    program = launch(
      `import { existsSync } from "node:fs";
       const now = performance.now.bind(performance);
       performance.now = () => now() + (existsSync(${JSON.stringify(slept)}) ? 1_800_000 : 0);
       const open = agent.zone("open all along");
       let n = 0;
       const beating = setInterval(() => agent.note(String(n++)), 5);
       process.stdin.once("data", () => { clearInterval(beating); open[Symbol.dispose](); console.log("attempted " + n); process.exit(3); });
       setTimeout(() => console.log("ready"), 500);`,
      { spool },
    );
    await program.says(/ready/);
    program.child.kill("SIGSTOP");
  });
  afterEach(() => {
    program.child.kill("SIGKILL");
    rmSync(root, { recursive: true });
  });

  const notes = (session: string) =>
    readSpool(spool, session)
      .rows.filter(({ kind }) => kind === "note.text")
      .map(({ values }) => values.text);

  test("goes on in a new session that continues it, and loses nothing", async () => {
    const [first = ""] = sessionsIn(spool);
    const folder = join(spool, first);
    const owner = JSON.parse(readFileSync(join(folder, "owner"), "utf8"));
    writeFileSync(join(folder, "owner"), JSON.stringify({ ...owner, start: "1" }));
    await collect({ root: spool, address: NOWHERE, own: true, signal: AbortSignal.timeout(300) });
    expect(readdirSync(folder)).toContain("owner.1");
    const before = readSpool(spool, first);
    expect(before.headers.at(-1)?.end?.cause).toBe(1);
    writeFileSync(slept, "");
    program.child.kill("SIGCONT");
    const second = await program.says(/another process has taken it over; session (\S+) continues it/);
    rmSync(slept);
    await new Promise((resolve) => setTimeout(resolve, 200));
    program.child.stdin?.write("end\n");
    const attempted = Number(await program.says(/attempted (\d+)/));
    expect(await program.ended).toEqual({ code: 3, signal: null });
    // What was ended stays as it was.
    expect(readSpool(spool, first).headers).toEqual(before.headers);
    const { headers, rows } = readSpool(spool, second);
    expect(headers[0]?.description).toMatchObject({
      name: "test",
      continues: Buffer.from(unwrap(parseSessionText(first))),
      start: before.headers[0]?.description?.start,
    });
    expect(headers.map(({ seq }) => Number(seq))).toEqual(headers.map((_, seq) => seq));
    expect(headers.at(-1)?.end).toMatchObject({ cause: 0, exit: "3" });
    expect([...notes(first), ...notes(second)]).toEqual(Array.from({ length: attempted }, (_, n) => String(n)));
    expect(rows.filter(({ kind }) => kind === "drop.records")).toEqual([]);
    expect(rows.filter(({ kind }) => kind === "zone.end")).toHaveLength(1);
  });

  test("goes on where the other has brought it all away", async () => {
    const [first = ""] = sessionsIn(spool);
    rmSync(join(spool, first), { recursive: true });
    writeFileSync(slept, "");
    program.child.kill("SIGCONT");
    const second = await program.says(/another process has ended it; session (\S+) continues it/);
    program.child.stdin?.write("end\n");
    await program.ended;
    expect(sessionsIn(spool)).toEqual([second]);
    expect(notes(second).length).toBeGreaterThan(0);
  });
});
