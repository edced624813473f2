import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { tempFolder } from "@wayward/testing";

const LOCK = new URL("./lock.ts", import.meta.url).href;

/** Counts up in a file, so many times at once, each under the lock; then, if told to, takes it and never gives it back. */
const PROGRAM = `
const { readFile, writeFile } = await import("node:fs/promises");
const { withLock } = await import(${JSON.stringify(LOCK)});
const [path, counter, times, last] = process.argv.slice(1);
const count = async () => writeFile(counter, String(Number(await readFile(counter, "utf8")) + 1));
await Promise.all(Array.from({ length: Number(times) }, () => withLock(path, count)));
if (last === "hold") {
  await withLock(path, async () => {
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
}
`;

test("a lock whose holder was killed goes to one of those who wait, and to one at a time", async () => {
  await using folder = await tempFolder("lock");
  const [path, counter] = [join(folder.path, "lock"), join(folder.path, "counter")];
  const start = (times: number, last: string): ChildProcess =>
    spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM, path, counter, String(times), last]);
  await writeFile(counter, "0");
  for (let round = 1; round <= 3; round++) {
    const holder = start(0, "hold");
    await once(holder.stdout!, "data");
    const waiting = Array.from({ length: 4 }, () => once(start(25, ""), "exit"));
    await delay(500);
    holder.kill("SIGKILL");
    for (const [code] of await Promise.all(waiting)) expect(code).toBe(0);
    expect(await readFile(counter, "utf8")).toBe(String(100 * round));
  }
}, 60_000);
