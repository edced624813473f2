import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { BIN, CommandLine, ended, linesOf } from "../testing/command-line.ts";

describe("a program that `wayward run` starts", () => {
  const line = new CommandLine("program-path");
  afterAll(() => line.remove());

  /** A folder with these programs, each of which says where it stands. */
  function folderOf(path: string, ...programs: string[]): string {
    const folder = join(line.folder, path);
    mkdirSync(folder, { recursive: true });
    for (const name of programs) writeFileSync(join(folder, name), `#!/bin/sh\necho "$0"\n`, { mode: 0o755 });
    return folder;
  }

  /** What runs where a program on this PATH calls `node` and then `tool`. */
  async function called(...path: string[]): Promise<string[]> {
    const args = ["run", "--server", "127.0.0.1:9", "--", "/bin/sh", "-c", "node; tool"];
    const { code, stdout } = await ended(line.start(args, { PATH: path.join(":") }));
    expect(code).toBe(0);
    return linesOf(stdout);
  }

  const system = folderOf("system", "node", "tool");
  const project = folderOf("project/node_modules/.bin", "node", "tool");
  const installed = folderOf("installed/node_modules/.bin", "node", "tool", "own");
  symlinkSync(BIN, join(installed, "wayward"));

  test("finds the tools of its project, also by the name that is typed", async () => {
    expect(await called(project, system)).toEqual([join(project, "node"), join(project, "tool")]);
    const run = ["run", "--server", "127.0.0.1:9", "--"];
    for (const [name, folder] of Object.entries({ tool: project, own: installed })) {
      const { code, stdout } = await ended(line.start([...run, name], { PATH: `${folder}:${system}` }));
      expect([code, stdout]).toEqual([0, `${join(folder, name)}\n`]);
    }
  });

  test("gets the Node of its caller's shell, not the one that was installed with us", async () => {
    const bare = folderOf("bare", "other");
    expect((await called(installed, bare, system))[0]).toBe(join(system, "node"));
  });

  test("gets the Node that was installed with us where there is no other", async () => {
    expect(await called(installed)).toEqual([join(installed, "node"), join(installed, "tool")]);
  });
});
