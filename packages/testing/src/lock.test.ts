import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { withLock } from "./lock.ts";
import { tempFolder } from "./temp.ts";

const PROGRAM = `
const { withLock } = await import(${JSON.stringify(new URL("./lock.ts", import.meta.url).href)});
await withLock(process.argv[1], () => {}, async () => {
  console.log("held");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
`;

test("a lock is waited for while its holder lives, up to a limit, and taken when it has died", async () => {
  await using folder = await tempFolder("lock");
  const path = join(folder.path, "program.lock");
  const holder = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM, path]);
  await once(holder.stdout, "data");
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  await expect(withLock(path, say, async () => "never", 700)).rejects.toThrow("another process has held it for");
  expect(said).toEqual([expect.stringContaining("waiting for 0 s")]);
  const taken = withLock(path, say, async () => "taken", 20_000);
  holder.kill("SIGKILL");
  expect(await taken).toBe("taken");
}, 30_000);
