import { delay, isLasting, WaywardError } from "@wayward/base";
import { type DoorFiles, openDoors } from "./access/doors.ts";
import { DOOR_SETTINGS } from "./access/settings.ts";
import { BringUp, type Open, type Started } from "./bring-up.ts";
import { type Config, describeConfig, describeConfigAsJson, loadConfig, type Table } from "./config.ts";
import { createLog, errorFacts, type Facts, type Log } from "./log.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { type ServeOptions, serve } from "./serve.ts";
import { tellServed } from "./served.ts";
import { PROCESS_SETTINGS } from "./settings.ts";
import { endInTime, Unended } from "./unended.ts";
import { warnOfUnknown } from "./unknown-settings.ts";

/** Nothing but another configuration helps, as in sysexits.h. */
const EXIT_CONFIG = 78;

/** What a service is started with. */
export interface Given<C> {
  readonly config: C;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly open: Open;
}

/**
 * Runs a service until SIGTERM or SIGINT: reads its configuration, answers
 * probes, brings the service up by `start`, again as long as what it stands
 * on is UNAVAILABLE, and ends it. `--help` prints the table, `--help --json`
 * one setting a line. Exit codes: 0 ended in order, 1 failed, 2 wrong
 * configuration, 78 a bus or store that can never be used so.
 */
export async function runMain<T extends Table>(
  name: string,
  table: T,
  start: (given: Given<Config<T>>) => Promise<Started>,
): Promise<void> {
  const all = { ...PROCESS_SETTINGS, ...DOOR_SETTINGS, ...table };
  if (process.argv.includes("--help")) {
    const asText = () => `wayward ${name}: configured by the environment\n${describeConfig(all)}`;
    process.stdout.write(process.argv.includes("--json") ? describeConfigAsJson(all) : asText());
    return;
  }
  endOnFault(createLog("info", { service: name }));
  try {
    warnOfUnknown(all, { service: name });
    loadConfig(all);
    const { logLevel, ...listener } = loadConfig({ ...PROCESS_SETTINGS, ...DOOR_SETTINGS });
    const config = loadConfig(table);
    const log = createLog(logLevel, { service: name });
    await runUntilSignalled(name, log, listener, (metrics, open) => start({ config, log, metrics, open }));
    process.exitCode = 0;
  } catch (error) {
    process.exitCode = tellFailure(name, error);
  }
  // Whatever still holds a handle must not keep a service that has ended.
  setTimeout(() => process.exit(), 500).unref();
}

/** A check takes this long at most. */
const CHECK_WITHIN_MS = 60_000;

/**
 * Looks with a service's settings whether it could run, and logs what `check`
 * tells. Exit codes as for `runMain`; 0 with a warning where what it stands
 * on is UNAVAILABLE: nobody can tell then, and an upgrade may be the repair.
 */
export async function runCheck<T extends Table>(
  name: string,
  table: T,
  check: (config: Config<T>) => Promise<string>,
): Promise<void> {
  const log = createLog("info", { service: name });
  warnOfUnknown({ ...PROCESS_SETTINGS, ...DOOR_SETTINGS, ...table }, { service: name });
  try {
    const late = new WaywardError("UNAVAILABLE", "CHECK_LATE", `no answer within ${CHECK_WITHIN_MS / 1000} s`);
    const timer = delay(CHECK_WITHIN_MS).then(() => Promise.reject(late));
    log.info(await Promise.race([check(loadConfig(table)), timer]));
    process.exitCode = 0;
  } catch (error) {
    const isUnknown = WaywardError.from(error).code === "UNAVAILABLE";
    if (isUnknown) log.warn("nothing can be told now", errorFacts(error));
    process.exitCode = isUnknown ? 0 : tellFailure(name, error);
  }
  setTimeout(() => process.exit(), 500);
}

async function runUntilSignalled(
  name: string,
  log: Log,
  listener: Pick<ServeOptions, "host" | "port" | "httpPort"> & DoorFiles,
  begin: (metrics: Metrics, open: Open) => Promise<Started>,
): Promise<void> {
  const ending = new AbortController();
  const unended = new Unended();
  let sinceMs = 0;
  const signal = signalled().then((by) => {
    log.info(`ending (${by})`);
    sinceMs = performance.now();
    endInTime(log, unended);
    ending.abort();
  });
  const metrics = createMetrics({ process: true });
  tellServed(metrics, [name]);
  const up = new BringUp(log);
  const doors = openDoors(listener, listener.host, { log, metrics });
  let facts: Facts = {};
  const parts = async () => {
    const started = await up.start((open) => begin(metrics, open), ending.signal);
    facts = started.facts;
    return started.parts;
  };
  try {
    const serving = await serve({ ...listener, parts, doors, log, metrics, unended });
    log.info("ready", { address: serving.address, http: serving.httpAddress, ...facts });
    await signal;
    await serving.stop();
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  } finally {
    await unended.settle("bus and store", up.close());
    doors.close();
  }
  log.info(`ended in ${Math.round(performance.now() - sinceMs)} ms`);
}

/** For people on a terminal a plain line, else one of the log; gives the exit code. */
function tellFailure(name: string, error: unknown): number {
  const { reason, message } = WaywardError.from(error);
  const stack = reason === "UNEXPECTED" && error instanceof Error ? error.stack : undefined;
  if (process.stderr.isTTY) process.stderr.write(`${[`${message} [${reason}]`, stack].filter(Boolean).join("\n")}\n`);
  else createLog("info", { service: name }).error("ended by an error", { ...errorFacts(error), stack });
  return exitCode(reason);
}

/** What nobody caught leaves the process in a state that nobody knows: it says so in its log, and ends with 1. */
function endOnFault(log: Log): void {
  process.on("uncaughtException", (error, origin) => {
    log.error("ended by a fault", { origin, ...errorFacts(error), stack: error.stack });
    process.exit(1);
  });
}

/** Resolves at the first SIGTERM or SIGINT, with its name; a second one ends the process at once. */
export function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const once = (signal: NodeJS.Signals) => {
      process.once("SIGINT", () => process.exit(130));
      process.once("SIGTERM", () => process.exit(143));
      resolve(signal);
    };
    process.once("SIGINT", once);
    process.once("SIGTERM", once);
  });
}

function exitCode(reason: string): number {
  if (reason === "BAD_CONFIG" || reason === "BAD_STORE_URL") return 2;
  return isLasting(reason) ? EXIT_CONFIG : 1;
}
