import { spawn } from "node:child_process";
import { describe, expect, test } from "@jest/globals";

const INDEX = new URL("./index.ts", import.meta.url).href;

/** Runs a service whose start is this code; tells its exit code and the lines of its log. */
async function run(start: string): Promise<{ readonly code: number; readonly lines: Record<string, unknown>[] }> {
  const program = `import { runMain } from ${JSON.stringify(INDEX)}; await runMain("sample", {}, async () => { ${start} });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  const code = await new Promise<number>((resolve) => child.once("close", (exit) => resolve(exit ?? -1)));
  const lines = text.trim().split("\n").filter(Boolean);
  return { code, lines: lines.map((line) => JSON.parse(line)) };
}

describe("a service's process", () => {
  test.each([
    [
      "a rejection that nobody handles",
      `void Promise.reject(new Error("nobody waits")); return await new Promise(() => {});`,
    ],
    [
      "an exception that nobody catches",
      `setTimeout(() => { throw new Error("nobody waits"); }); return await new Promise(() => {});`,
    ],
  ])("ends with 1 and a line in its log by %s", async (_, start) => {
    const { code, lines } = await run(start);
    expect(code).toBe(1);
    expect(lines).toMatchObject([
      { level: "error", service: "sample", message: "ended by a fault", error: "nobody waits", reason: "UNEXPECTED" },
    ]);
  });
});
