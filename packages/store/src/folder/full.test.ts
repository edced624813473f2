import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@wayward/testing";
import { openFolderStore } from "./store.ts";

const run = promisify(execFile);
const STORE = new URL("./store.ts", import.meta.url).href;
const OPEN = new URL("../open.ts", import.meta.url).href;

/** Puts an object of eight pieces, 400 KiB, and prints the reason why not. */
const PROGRAM = `
const { openFolderStore } = await import(${JSON.stringify(STORE)});
const store = await openFolderStore(process.argv[1]);
const pieces = Array.from({ length: 8 }, (_, index) => Buffer.alloc(50 * 1024, index));
console.log(await store.put("a/large", pieces).then(() => "stored", ({ reason }) => reason));
`;

test("an object that does not fit is refused, and nothing of it is there", async () => {
  await using folder = await tempFolder("full");
  const put = async (kibibytes: string) => {
    const script = `ulimit -f ${kibibytes} && exec "$0" --input-type=module --eval "$1" "$2"`;
    const { stdout } = await run("bash", ["-c", script, process.execPath, PROGRAM, folder.path]);
    return stdout.trim();
  };
  // The system takes 130 KiB of the write and tells no error.
  expect(await put("130")).toBe("STORE_FULL");
  const store = await openFolderStore(folder.path);
  expect(await store.get("a/large")).toBeUndefined();
  expect(await put("unlimited")).toBe("stored");
  expect((await store.get("a/large"))?.bytes.length).toBe(400 * 1024);
}, 30_000);

test("a full disk is named by whoever cannot start on it", async () => {
  await using folder = await tempFolder("full");
  const program = `
const { openStore } = await import(${JSON.stringify(OPEN)});
console.log(await openStore("file://" + process.argv[1]).catch(({ message, reason }) => message + " " + reason));
`;
  // No file may have a byte.
  const script = 'ulimit -f 0 && exec "$0" --input-type=module --eval "$1" "$2"';
  const { stdout } = await run("bash", ["-c", script, process.execPath, program, folder.path]);
  expect(stdout).toContain(`store file:${folder.path} has no room to start with`);
  expect(stdout).toMatch(/STORE_FULL$/m);
}, 30_000);
