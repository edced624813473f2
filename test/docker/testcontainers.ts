import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "@wayward/testing";
import { row, secondsSince } from "./rows.ts";
import { said } from "./run.ts";

/** The reaper's image is nowhere without a registry, and the bridge's address need not be reachable from here. */
const SETTINGS = { TESTCONTAINERS_RYUK_DISABLED: "true", TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" };

/** Runs the tests of packages/testcontainers against the engine; none may be skipped. */
export async function testcontainers(env: NodeJS.ProcessEnv): Promise<void> {
  const begun = performance.now();
  await using folder = await tempFolder("e2e-tests");
  const outputFile = join(folder.path, "tests.json");
  const args = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "packages/testcontainers"];
  const options = { env: { ...env, ...SETTINGS }, withinMs: 300_000 };
  const failure = await said(process.execPath, [...args, "--json", "--outputFile", outputFile], options).then(
    () => undefined,
    (error: Error) => error.message.slice(-2_000),
  );
  const { numPassedTests, numTotalTests } = JSON.parse(await readFile(outputFile, "utf8"));
  row("testcontainers", `${numPassedTests} tests passed, ${secondsSince(begun).toFixed(0)} s`, [
    failure !== undefined && failure,
    numPassedTests !== numTotalTests && `${numTotalTests - numPassedTests} did not pass`,
  ]);
}
