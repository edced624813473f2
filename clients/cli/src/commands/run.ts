import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import { resolve } from "node:path";
import { isatty } from "node:tty";
import { agentBundle } from "@wayward/agent";
import { WaywardError } from "@wayward/base";
import { type Child, type Collected, collect, type Waiting, waitingOfDead } from "@wayward/collector";
import { newSessionId, sessionText } from "@wayward/record";
import { EXIT } from "../exit.ts";
import { ingestAddress, spoolFolder } from "../folders.ts";
import { parseLabels } from "../selection.ts";
import { preloading } from "./preloading.ts";
import { programPath } from "./program-path.ts";
import { pushRest, runEndText, sessionsSince } from "./run-end.ts";

export interface RunCommand {
  readonly name?: string;
  readonly label?: string[];
  readonly spool?: string;
  readonly capture: boolean;
  readonly server?: string;
}

/** `wayward run`: records a program without a change to it. Its exit code is the program's. */
export async function run(command: readonly string[], options: RunCommand): Promise<void> {
  const labels = labelsText(options.label ?? []);
  const { instrumentPath } = await agentBundle();
  const runId = process.env.WAYWARD_RUN ?? randomUUID();
  const root = resolve(options.spool ?? spoolFolder());
  const own = Buffer.from(runId.replaceAll("-", ""), "hex");
  const address = ingestAddress(options.server);
  const stop = new AbortController();
  const child: Child = { pid: 0, exit: undefined };
  // Another run may have this one inside it, and other sessions beside it.
  const earliest = sessionText(newSessionId(Date.now(), new Uint8Array(10)));
  const pushing = push(root, () => collect({ root, address, signal: stop.signal, run: own, child }));
  let before: Collected | undefined;
  try {
    process.exitCode = await runChild(command, childEnvironment(options, labels, runId, root, instrumentPath), child);
  } finally {
    stop.abort();
    before = await pushing;
  }
  const last = await push(root, () => pushRest({ root, address, run: own, child }));
  if (before === undefined || last === undefined) return;
  const sessions = sessionsSince(earliest, before, last);
  process.stderr.write(runEndText({ ...last, root, address, runId, sessions, left: leftIn(root) }));
}

/** What nobody can read waits for nobody. */
function leftIn(root: string): Waiting {
  try {
    return waitingOfDead(root);
  } catch {
    return { blocks: 0, sessions: 0 };
  }
}

/** Collects; what goes wrong with it is told, for it must not change how the program ends. */
async function push(root: string, collecting: () => Promise<Collected>): Promise<Collected | undefined> {
  try {
    return await collecting();
  } catch (error) {
    process.stderr.write(`wayward: nothing is pushed from ${root}: ${String(error)}\n`);
    return undefined;
  }
}

/** As WAYWARD_LABELS has them: separated by commas, which are in none. Throws INVALID_ARGUMENT. */
function labelsText(pairs: readonly string[]): string {
  const wrong = pairs.find((pair) => pair.includes(","));
  if (wrong !== undefined) {
    const message = `--label is "${wrong.slice(0, 80)}", not key=value without a comma; give --label several times`;
    throw new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", message);
  }
  return Object.entries(parseLabels(pairs))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

function childEnvironment(
  options: RunCommand,
  labels: string,
  runId: string,
  root: string,
  hook: string,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: programPath(process.env.PATH ?? ""),
    NODE_OPTIONS: preloading(process.env.NODE_OPTIONS, hook),
    WAYWARD_RUN: runId,
    WAYWARD_SPOOL: root,
    WAYWARD_PUSHER: "run",
    ...(options.name === undefined ? {} : { WAYWARD_NAME: options.name }),
    ...(labels === "" ? {} : { WAYWARD_LABELS: labels }),
    ...(options.capture ? { WAYWARD_CAPTURE: "1" } : {}),
  };
}

/** Runs the program with our standard streams; tells its exit code, or 128 and the signal's number. Notes in `noted` how it ended. */
function runChild([program = "", ...args]: readonly string[], env: NodeJS.ProcessEnv, noted: Child): Promise<number> {
  return new Promise((resolveCode, reject) => {
    const child = spawn(program, args, { env, stdio: "inherit" });
    noted.pid = child.pid ?? 0;
    // What becomes of a signal is the child's to decide. A terminal sends Ctrl-C to the whole group: passed on, the child
    // would get it twice, and the second one kills many programs. By number: `process.stdin` would change what both read.
    const onTerminal = [0, 1, 2].some((stream) => isatty(stream));
    const pass = (signal: NodeJS.Signals) => () => (onTerminal && signal === "SIGINT") || child.kill(signal);
    const handlers = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => [signal, pass(signal)] as const);
    for (const [signal, handler] of handlers) process.on(signal, handler);
    child.once("error", (error: NodeJS.ErrnoException) => {
      const message = error.code === "ENOENT" ? `no program is called "${program}"` : error.message;
      reject(new WaywardError("NOT_FOUND", "NO_PROGRAM", message));
    });
    child.once("close", (code, signal) => {
      noted.exit = signal ?? String(code);
      for (const [name, handler] of handlers) process.off(name, handler);
      resolveCode(code ?? (signal === null ? EXIT.failure : 128 + constants.signals[signal]));
    });
  });
}
