import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const PROGRAM = `
  import module from "node:module";
  import { Worker } from "node:worker_threads";
  import { threadEnv } from ${JSON.stringify(new URL("./thread-env.ts", import.meta.url).href)};
  if (process.argv[1] !== "none") module.enableCompileCache(process.argv[1]);
  const code = 'require("node:worker_threads").parentPort.postMessage(require("node:module").getCompileCacheDir() ?? "none")';
  new Worker(code, { eval: true, execArgv: [], env: threadEnv() }).once("message", (folder) =>
    console.log(folder === (module.getCompileCacheDir() ?? "none") ? "same" : folder));
`;

function folderOfThread(folder: string): string {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const args = ["--input-type=module", "--eval", PROGRAM, folder];
  return execFileSync(process.execPath, args, { encoding: "utf8", env }).trim();
}

test("a thread keeps compiled code where its process does", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-compiled-"));
  try {
    expect(folderOfThread(folder)).toBe("same");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a thread of a process that keeps none keeps none", () => {
  expect(folderOfThread("none")).toBe("same");
});
