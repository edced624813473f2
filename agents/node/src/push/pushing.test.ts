import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { IngestServer } from "../testing/ingest.ts";
import { launch, type Running, runProgram } from "../testing/program.ts";

describe("a pusher's thread that fails", () => {
  const folder = mkdtempSync(join(tmpdir(), "pushing-"));
  const programs: Running[] = [];
  const server = new IngestServer({});
  afterAll(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    server.stop();
    rmSync(folder, { recursive: true });
  });

  /** A program whose pusher takes spools below `root` to a server. */
  function pushing(root: string, address: string, pausesMs: readonly number[]): Running {
    const module = JSON.stringify(join(import.meta.dirname, "pushing.ts"));
    const job = JSON.stringify({ root, server: address, quotaBytes: 1e9 });
    const program = launch(
      `const { Pushing } = await import(${module});
       new Pushing(${job}, ${JSON.stringify(pausesMs)});
       setInterval(() => {}, 1000);`,
      { spool: join(folder, "own") },
    );
    programs.push(program);
    return program;
  }

  test("is begun again, and brings what waits once it can", async () => {
    const waiting = join(folder, "waiting");
    mkdirSync(waiting);
    runProgram(`agent.note("a");`, { spool: join(waiting, "spool") });
    const [place, next] = [join(folder, "place"), join(folder, "next")];
    // Nobody can make a folder below a file.
    writeFileSync(join(folder, "file"), "");
    symlinkSync("file", place);
    const program = pushing(join(place, "spool"), await server.listen(), Array(100).fill(100));
    await program.says(/has failed: .*ENOTDIR.*; it begins again in 0\.1 s/);
    symlinkSync(waiting, next);
    renameSync(next, place);
    const isBrought = () => server.taken.some(({ header }) => header.end !== undefined);
    for (let turn = 0; turn < 400 && !isBrought(); turn++) await delay(25);
    expect(isBrought()).toBe(true);
  }, 30_000);

  test("is begun again so often, and no more", async () => {
    const program = pushing("/dev/null/spool", "127.0.0.1:9", [20, 20]);
    await program.says(/has failed: .*; records stay in the spool/);
    expect(program.stderr.match(/has failed/g)).toHaveLength(3);
    expect(program.stderr.match(/it begins again in 0\.02 s/g)).toHaveLength(2);
  }, 30_000);
});
