import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { workerPath } from "./worker-path.ts";

/** Prints what becomes of the thread within a second of its first run. */
const PROGRAM = `
  const { Worker } = await import("node:worker_threads");
  const thread = new Worker(new URL(${JSON.stringify(workerPath.href)}), { execArgv: [] });
  thread.on("error", ({ message }) => { console.log(message); process.exit(); });
  thread.on("online", () => setTimeout(() => { console.log("runs"); process.exit(); }, 1000));
  thread.postMessage({ type: "open", run: 0, longWaitMs: undefined });`;

const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("a process that was put below the thread's own priority has its analyses too", () => {
  const args = ["-n", "15", process.execPath, "--input-type=module", "--eval", PROGRAM];
  // Root may go up from there; others may not, and no pod may.
  const command = process.getuid?.() === 0 ? ["setpriv", "--bounding-set", "-sys_nice", "nice"] : ["nice"];
  const [program, ...rest] = [...command, ...args] as [string, ...string[]];
  expect(execFileSync(program, rest, { encoding: "utf8" }).trim()).toBe("runs");
});
