import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tempFolder } from "@wayward/testing";
import { said, trySaid } from "./run.ts";

/** A Docker engine that answers. */
export interface Engine {
  /** For every command that speaks to it. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether its containers are processes of this machine, started by this test. */
  readonly own: boolean;
  /** Ends it if it was started here, with all that it holds. */
  stop(): Promise<void>;
}

const START_MS = 30_000;

/** The engine that the `docker` command finds, or undefined. */
export async function runningEngine(): Promise<Engine | undefined> {
  if ((await trySaid("docker", ["version", "--format", "{{.Server.Version}}"])) === undefined) return undefined;
  return { env: {}, own: false, stop: async () => {} };
}

/** Debian's engine, its Compose, and a wget that needs no library. */
const PACKAGES = ["docker.io", "docker-compose", "busybox-static", "iptables", "ca-certificates"];

/**
 * Makes sure that an engine can be started here, with `install` by apt if
 * need be; tells why not.
 */
export async function whyNoEngine(install: boolean): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "no engine answers, and only root can start one";
  if ((await trySaid("dockerd", ["--version"])) !== undefined) return undefined;
  if (!install) return "no engine answers and dockerd is not installed; --install has apt install it";
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  try {
    await said("apt-get", ["update"], { env, withinMs: 300_000 });
    await said("apt-get", ["install", "-y", "--no-install-recommends", ...PACKAGES], { env, withinMs: 600_000 });
    return undefined;
  } catch (error) {
    return `no engine answers, and apt cannot install one: ${error instanceof Error ? error.message : error}`;
  }
}

/**
 * Starts an engine on a socket and a folder of its own. It leaves the
 * firewall alone and publishes on loopback only; its bridges belong to this
 * process's network.
 */
export async function startEngine(): Promise<Engine> {
  const folder = await tempFolder("engine");
  const socket = join(folder.path, "docker.sock");
  const logFile = join(folder.path, "log");
  await mkdir(join(folder.path, "data"));
  const log = openSync(logFile, "a");
  const args = [
    ...["--data-root", join(folder.path, "data"), "--exec-root", join(folder.path, "exec")],
    ...["--pidfile", join(folder.path, "pid"), "--host", `unix://${socket}`, "--storage-driver", "overlay2"],
    ...["--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip", "127.0.0.1"],
  ];
  const engine = spawn("dockerd", args, { stdio: ["ignore", log, log] });
  const env = { DOCKER_HOST: `unix://${socket}` };
  const stop = async () => {
    await end(engine);
    await folder.remove();
  };
  const until = performance.now() + START_MS;
  while ((await trySaid("docker", ["version"], { env })) === undefined) {
    if (engine.exitCode === null && performance.now() < until) await delay(100);
    else {
      const told = await readFile(logFile, "utf8");
      await stop();
      throw new Error(`dockerd does not start:\n${told.split("\n").slice(-15).join("\n")}`);
    }
  }
  return { env, own: true, stop };
}

async function end(engine: ChildProcess): Promise<void> {
  if (engine.exitCode !== null || engine.signalCode !== null) return;
  const late = setTimeout(() => engine.kill("SIGKILL"), 20_000);
  engine.kill("SIGTERM");
  await once(engine, "exit");
  clearTimeout(late);
}
