import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { delay, unwrap } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { collect } from "./collect.ts";

const place = (path: string) => JSON.stringify(join(import.meta.dirname, path));
const NOWHERE = "127.0.0.1:9";

/** Writes one block, then waits to be killed. */
const WRITER = `
  import { block as api } from ${place("../../../packages/api/src/index.ts")};
  import { BlockWriter, Stage } from ${place("../../../packages/block/src/index.ts")};
  import { newSessionId } from ${place("../../../packages/record/src/index.ts")};
  import { Spool } from ${place("index.ts")};
  const session = newSessionId(Date.now());
  const description = api.SessionDescription.fromPartial({ name: "dies", flushIntervalMs: 70, run: Buffer.alloc(16, 1) });
  const spool = new Spool({ root: process.argv[1], session, description: api.SessionDescription.encode(description).finish() });
  for (const { seq, bytes } of new BlockWriter({ session, description }).write(new Stage(64))) spool.append(seq, bytes);
  console.log("ready"); setInterval(() => {}, 1000);`;

const COLLECTOR = `
  import { collect } from ${place("index.ts")};
  console.log("ready");
  await collect({ root: process.argv[1], address: "${NOWHERE}", own: true, signal: new AbortController().signal });`;

describe("collectors of one folder", () => {
  let root: string;
  let children: ChildProcess[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "collect-"));
    children = [];
  });
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(root, { recursive: true });
  });

  async function begin(program: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, root], {
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    if (child.stdout !== null) await once(child.stdout, "data");
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  /** Names in the only session's folder. */
  function names(): string[] {
    return readdirSync(join(root, readdirSync(root)[0]!)).sort();
  }

  const folderOf = () => join(root, readdirSync(root)[0]!);

  async function until(name: string): Promise<void> {
    for (let turn = 0; turn < 400 && !names().includes(name); turn++) await delay(25);
    expect(names()).toContain(name);
  }

  test("end a session later where the disk does not let them at once", async () => {
    const writer = await begin(WRITER);
    // Where the last block would be drafted.
    const inTheWay = join(folderOf(), "000000000001.block.end.tmp");
    mkdirSync(inTheWay);
    await kill(writer);
    await begin(COLLECTOR);
    await until("owner.1");
    await delay(300);
    expect(names()).not.toContain("000000000001.block");
    rmdirSync(inTheWay);
    await until("000000000001.block");
    const { header } = unwrap(parseEnvelope(readFileSync(join(folderOf(), "000000000001.block"))));
    expect(header.end?.lastSeq).toBe(1n);
  });

  test("go on where their folder could not be listed for a while", async () => {
    const writer = await begin(WRITER);
    const session = readdirSync(root)[0]!;
    const told: string[] = [];
    const stop = new AbortController();
    const tell = (message: string) => void told.push(message);
    const collecting = collect({ root, address: NOWHERE, own: true, signal: stop.signal, tell });
    await delay(300);
    const elsewhere = `${root}-elsewhere`;
    renameSync(root, elsewhere);
    symlinkSync(root, root);
    for (let turn = 0; turn < 200 && !told.some((message) => message.includes("ELOOP")); turn++) await delay(25);
    rmSync(root);
    renameSync(elsewhere, root);
    await kill(writer);
    for (let turn = 0; turn < 200 && !names().includes("owner.1"); turn++) await delay(25);
    stop.abort();
    await collecting;
    expect(told.filter((message) => message.includes(`list ${root}`))).toHaveLength(1);
    expect(readdirSync(join(root, session))).toContain("000000000001.block");
  });

  test("leave a living writer alone, and adopt it once when it dies, one after the other", async () => {
    const writer = await begin(WRITER);
    await Promise.all([begin(COLLECTOR), begin(COLLECTOR)]);
    await delay(1_500);
    expect(names()).toEqual(["000000000000.block", "description", "owner"]);
    await kill(writer);
    await until("000000000001.block");
    await delay(1_500);
    expect(names().filter((name) => name.startsWith("owner"))).toEqual(["owner", "owner.1"]);
    const folder = join(root, readdirSync(root)[0]!);
    const { pid } = JSON.parse(readFileSync(join(folder, "owner.1"), "utf8"));
    await kill(children.find((child) => child.pid === pid)!);
    await until("owner.2");
    expect(names().filter((name) => name.endsWith(".block"))).toHaveLength(2);
    const { header } = unwrap(parseEnvelope(readFileSync(join(folder, "000000000001.block"))));
    expect(header.end).toEqual({
      lastSeq: 1n,
      cause: api.EndCause.END_CAUSE_UNCLEAN,
      uncertainMs: 70,
      exit: "",
    });
  });

  test("adopt only what their run has written, where they are for one", async () => {
    await kill(await begin(WRITER));
    const within = (run: number) =>
      collect({ root, address: NOWHERE, run: Buffer.alloc(16, run), signal: AbortSignal.timeout(1_500) });
    expect(await within(2)).toMatchObject({ waiting: 0 });
    expect(names()).toEqual(["000000000000.block", "description", "owner"]);
    expect(await within(1)).toMatchObject({ waiting: 2 });
    expect(names()).toContain("owner.1");
  });
});
