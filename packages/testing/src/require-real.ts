import { findBinary, type Tool } from "./binaries.ts";

/**
 * True if all these servers can be started here. If one cannot, says so in
 * one loud line, and the tests that need it are to be skipped:
 *
 *     const real = await requireReal("nats-server");
 *     (real ? describe : describe.skip)("bus on JetStream", () => { … });
 *
 * With WAYWARD_REQUIRE_REAL=1 a missing one throws instead.
 */
export async function requireReal(...tools: readonly Tool[]): Promise<boolean> {
  const text = await missing(tools);
  if (text === undefined) return true;
  if (process.env.WAYWARD_REQUIRE_REAL === "1") throw new Error(`${text}. WAYWARD_REQUIRE_REAL=1 wants them run.`);
  process.stderr.write(`\n!!! ${text}\n`);
  return false;
}

/** As `requireReal`, for what not every machine that tests everything can have: a missing one never throws. */
export async function askReal(...tools: readonly Tool[]): Promise<boolean> {
  const text = await missing(tools);
  if (text !== undefined) process.stderr.write(`\n!!! ${text}\n`);
  return text === undefined;
}

async function missing(tools: readonly Tool[]): Promise<string | undefined> {
  for (const tool of tools) {
    const found = await findBinary(tool);
    if (found.path === undefined)
      return `NO ${tool} HERE: tests against the real one do not run (${found.tried.join("; ")})`;
  }
  return undefined;
}
