import { WaywardError } from "@wayward/base";
import { type Config, describeConfig, loadConfig, type Table } from "./config.ts";
import { createLog, errorFacts, type Log } from "./log.ts";
import { unknownSettings } from "./unknown-settings.ts";

/** Nothing but another configuration helps, as in sysexits.h. */
const EXIT_CONFIG = 78;
/** Ending takes this long at most. */
const STOP_WITHIN_MS = 15_000;

/**
 * Runs a service until SIGTERM or SIGINT: reads its configuration, brings it
 * up by `start`, and ends it. `--help` prints the table. Exit codes: 0 ended in order, 1 failed, 2 wrong configuration,
 * 78 a bus or store that can never be used so.
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
  const log = createLog("info", { service: name });
  endOnFault(log);
  try {
    const config = loadConfig(table);
    for (const warning of unknownSettings(table)) log.warn(warning);
    const running = await start(config);
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

/** Reasons that no second try will change. */
const NEVER: ReadonlySet<string> = new Set([
  "BUS_DENIED",
  "BUS_MISCONFIGURED",
  "BUS_NOT_DURABLE",
  "BUS_TOO_OLD",
  "LAYOUT_MISMATCH",
  "STORE_DENIED",
  "STORE_NOT_CONDITIONAL",
]);

function exitCode(reason: string): number {
  if (reason === "BAD_CONFIG" || reason === "BAD_STORE_URL") return 2;
  return NEVER.has(reason) ? EXIT_CONFIG : 1;
}
