import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delay } from "@wayward/base";

/** How to start a server and how to know that it answers. */
export interface ServerCommand {
  /** For messages, such as `nats-server`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Both outputs are appended here. */
  readonly logFile: string;
  /** Asked again and again until true; what it throws counts as no. */
  readonly ready: () => Promise<boolean>;
  readonly timeoutMs?: number;
}

/** A server that runs as a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves once the process is gone. */
  readonly exited: Promise<void>;
  readonly running: boolean;
  /** Sends the signal and waits for the end; SIGKILL follows after 10 s. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const READY_MS = 30_000;
const END_MS = 10_000;
const POLL_MS = 25;

/**
 * Starts the server and waits until it is ready. If it ends or is not ready
 * in time, throws an error with the last lines of its log. It never outlives
 * this process, however this one ends.
 */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  const server = launch(command);
  await Promise.race([untilReady(command, server), server.exited]);
  if (server.running && (await isReady(command))) return server;
  const how = server.running ? `is not ready after ${command.timeoutMs ?? READY_MS} ms` : "ended at once";
  await server.end("SIGKILL");
  throw new Error(`${command.name} ${how}; its log, ${command.logFile}, ends with:\n${await logTail(command.logFile)}`);
}

function launch({ name, program, args, env, logFile }: ServerCommand): ServerProcess {
  const log = openSync(logFile, "a");
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", log, log] });
  closeSync(log);
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = error;
  });
  if (child.pid === undefined)
    throw new Error(`${name}: ${program} does not start: ${failure?.message ?? "no process"}`);
  const pid = child.pid;
  const exited = once(child, "exit").then(() => undefined);
  const guard = startGuard(pid);
  void exited.then(() => guard.kill("SIGKILL"));
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    exited,
    get running() {
      return running();
    },
    async end(signal) {
      if (!running()) return;
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await exited;
      clearTimeout(late);
    },
  };
}

/** A shell that waits on a pipe from this process and, when that closes, ends the server. */
function startGuard(pid: number): ChildProcess {
  const guard = spawn("sh", ["-c", 'read _; kill -9 "$1"', "guard", `${pid}`], { stdio: ["pipe", "ignore", "ignore"] });
  guard.on("error", () => undefined);
  guard.stdin?.on("error", () => undefined);
  guard.unref();
  return guard;
}

async function untilReady(command: ServerCommand, server: ServerProcess): Promise<void> {
  const end = performance.now() + (command.timeoutMs ?? READY_MS);
  while (server.running && performance.now() < end) {
    if (await isReady(command)) return;
    await delay(POLL_MS);
  }
}

async function isReady({ ready }: ServerCommand): Promise<boolean> {
  try {
    return await ready();
  } catch {
    return false;
  }
}

/** The last lines of a log, for a message. */
export async function logTail(logFile: string, lines = 20): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}

/** True if an HTTP GET of `url` is answered with success. */
export async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.ok;
}
