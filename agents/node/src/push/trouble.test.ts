import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { Pusher } from "@wayward/collector";
import { IngestServer } from "../testing/ingest.ts";
import { runProgram } from "../testing/program.ts";
import { sessionsIn } from "../testing/spool.ts";

const file = (folder: string, seq: number) => join(folder, `${String(seq).padStart(12, "0")}.block`);

describe("a pusher whose files cannot be read for a while", () => {
  let root: string;
  let folder: string;
  let session: string;
  let server: IngestServer;
  let pusher: Pusher;
  let told: string[];

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "push-trouble-"));
    // Blocks 0 to 3, the last one with the end mark.
    runProgram(`agent.note("a"); agent.flush(); agent.note("b"); agent.flush();`, { spool: root });
    session = sessionsIn(root)[0]!;
    folder = join(root, session);
    // One block at a time: a credit that leaks ends all sending.
    server = new IngestServer({ blocks: 1 });
    told = [];
    pusher = new Pusher({ root, address: await server.listen(), tell: (message) => told.push(message) });
  });
  afterEach(async () => {
    await pusher.close();
    server.stop();
    rmSync(root, { recursive: true });
  });

  async function scanUntil(done: () => boolean): Promise<void> {
    for (let turn = 0; turn < 200 && !done(); turn++) {
      await pusher.scan(session);
      await delay(25);
    }
  }
  const taken = () => server.taken.map(({ header }) => Number(header.seq));

  test("sends a block once it can be read, and says so once", async () => {
    renameSync(file(folder, 1), join(folder, "elsewhere"));
    // Can be opened, and every read fails.
    mkdirSync(file(folder, 1));
    await scanUntil(() => told.some((message) => message.includes("EISDIR")));
    await delay(1_000);
    expect(taken()).toEqual([0]);
    expect(told.filter((message) => message.includes("EISDIR"))).toHaveLength(1);
    rmdirSync(file(folder, 1));
    renameSync(join(folder, "elsewhere"), file(folder, 1));
    await scanUntil(() => pusher.isDrained);
    expect(taken()).toEqual([0, 1, 2, 3]);
  });

  test("finds a block once it can be looked at", async () => {
    renameSync(file(folder, 1), join(folder, "elsewhere"));
    symlinkSync(file(folder, 1), file(folder, 1));
    await scanUntil(() => told.some((message) => message.includes("ELOOP")));
    rmSync(file(folder, 1));
    renameSync(join(folder, "elsewhere"), file(folder, 1));
    await scanUntil(() => taken().length === 4);
    expect(taken()).toEqual([0, 1, 2, 3]);
  });
});
