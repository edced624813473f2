import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { collect, Spool } from "@wayward/collector";
import { newSessionId, noteText, parseSessionText, sessionText } from "@wayward/record";
import { Recorder } from "./recorder.ts";
import { launch, type Running } from "./testing/program.ts";
import { readSpool, sessionsIn } from "./testing/spool.ts";
import { Writing } from "./writing.ts";

const NOWHERE = "127.0.0.1:9";

test("blocks that the spool had no room for are told as lost by the session that goes on", () => {
  const root = mkdtempSync(join(tmpdir(), "agent-full-"));
  const { now } = performance;
  try {
    const description = api.SessionDescription.fromPartial({ name: "full", start: process.hrtime.bigint() });
    let quotaBytes = 300;
    const writing = new Writing(() => {
      const session = newSessionId(Date.now());
      return { session, description, spool: new Spool({ root, session, description: new Uint8Array(), quotaBytes }) };
    });
    const recorder = new Recorder(writing.opened, writing, 10_000);
    recorder.begin();
    for (let turn = 0; turn < 3; turn++) {
      for (let n = 0; n < 4; n++) recorder.record(noteText, [`${turn} ${n}`]);
      recorder.flush();
    }
    expect(recorder.isRefused).toBe(true);
    // The second four wait as a block, the last as they were recorded.
    rmSync(writing.opened.spool.folder, { recursive: true });
    performance.now = () => now.call(performance) + 60_000;
    quotaBytes = 1e6;
    expect([writing.goOn(recorder), writing.goOn(recorder)]).toEqual([true, false]);
    recorder.end("");
    writing.opened.spool.close();
    const { rows } = readSpool(root, sessionText(writing.opened.session));
    const told = rows.map(({ kind, values }) => (kind === "drop.records" ? Number(values.count) : values.text));
    expect(told).toEqual(["2 0", "2 1", "2 2", "2 3", 4]);
  } finally {
    performance.now = now;
    rmSync(root, { recursive: true });
  }
});

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
       // Between two flushes: a block that is being written then is told as lost.
       setTimeout(() => console.log("ready"), 525);`,
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
