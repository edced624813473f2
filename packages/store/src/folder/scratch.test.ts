import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder, until } from "@wayward/testing";
import { openFolderStore } from "./store.ts";

const STORE = new URL("./store.ts", import.meta.url).href;

/** Puts an object of 32 MiB again and again. */
const PROGRAM = `
const { openFolderStore } = await import(${JSON.stringify(STORE)});
const store = await openFolderStore(process.argv[1]);
for (const body = Buffer.alloc(32 * 1024 ** 2, 1); ; ) await store.put("a/large", body);
`;

test("what killed writers left goes at a later start, what may still be written stays", async () => {
  await using folder = await tempFolder("scratch");
  const scratch = join(folder.path, ".scratch");
  const left = () => readdir(scratch).catch(() => []);
  await until("a writer that is killed while it writes", async () => {
    const writer = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM, folder.path]);
    await until("a file", async () => (await left()).length > 0, { withinMs: 10_000, everyMs: 1 });
    writer.kill("SIGKILL");
    await once(writer, "exit");
    return (await left()).length > 0;
  });
  const [killed] = await left();
  const another = "0".repeat(24);
  for (const name of [another, "lock", "of-others"]) await writeFile(join(scratch, name), "");

  await openFolderStore(folder.path);
  expect((await left()).sort()).toEqual([another, killed, "lock", "of-others"].sort());

  const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of [killed!, "lock", "of-others"]) await utimes(join(scratch, name), hoursAgo, hoursAgo);
  await openFolderStore(folder.path);
  expect((await left()).sort()).toEqual([another, "lock", "of-others"].sort());
}, 60_000);
