import { WaywardError } from "@wayward/base";
import { type Config, describeConfig, loadConfig, type Table } from "./config.ts";
import { createLog, errorFacts, type Log } from "./log.ts";

/** A configuration that can never work, as in sysexits.h. */
const EXIT_CONFIG = 78;
/** Ending takes this long at most. */
const STOP_WITHIN_MS = 15_000;

/**
 * Runs a service until SIGTERM or SIGINT: reads its configuration, brings it
 * up by `start`, and ends it. `--help` prints the table. Exit codes: 0 ended in order, 1 failed, 2 wrong configuration,
 * 78 a store that can never be used.
 */
export async function runMain<T extends Table>(
  name: string,
  table: T,
  start: (config: Config<T>) => Promise<{ stop(): Promise<void> }>,
): Promise<void> {
  if (process.argv.includes("--help")) {
    process.stdout.write(`wayward ${name}: configured by the environment\n${describeConfig(table)}`);
    return;
  }
  endOnFault(createLog("info", { service: name }));
  try {
    const running = await start(loadConfig(table));
    await signalled();
    const timer = setTimeout(() => process.exit(1), STOP_WITHIN_MS);
    await running.stop();
    clearTimeout(timer);
    process.exitCode = 0;
  } catch (error) {
    const known = WaywardError.from(error);
    process.stderr.write(`${known.message} [${known.reason}]\n`);
    if (known.reason === "UNEXPECTED" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = exitCode(known.reason);
  }
  // Whatever still holds a handle must not keep a service that has ended.
  setTimeout(() => process.exit(), 500).unref();
}

/** What nobody caught leaves the process in a state that nobody knows: it says so in its log, and ends with 1. */
function endOnFault(log: Log): void {
  process.on("uncaughtException", (error, origin) => {
    log.error("ended by a fault", { origin, ...errorFacts(error), stack: error.stack });
    process.exit(1);
  });
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function signalled(): Promise<void> {
  return new Promise((resolve) => {
    const once = () => {
      process.once("SIGINT", () => process.exit(130));
      process.once("SIGTERM", () => process.exit(143));
      resolve();
    };
    process.once("SIGINT", once);
    process.once("SIGTERM", once);
  });
}

function exitCode(reason: string): number {
  if (reason === "BAD_CONFIG") return 2;
  return reason === "STORE_NOT_CONDITIONAL" ? EXIT_CONFIG : 1;
}
