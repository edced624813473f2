import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The command itself. */
export const BIN = join(import.meta.dirname, "../../bin/wayward.mjs");

/** What programs of the tests import as the agent. */
export const AGENT = join(import.meta.dirname, "../../../../agents/node/src/api.ts");

/** How a process ended, and all that it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where an all-in-one listens. */
interface Addresses {
  readonly server: string;
  readonly http: string;
}

/** `wayward` as people type it: real processes in a folder of their own, with one environment, and an all-in-one to ask. */
export class CommandLine {
  readonly folder: string;
  /** What every process gets; it names the all-in-one while that runs. */
  readonly env: NodeJS.ProcessEnv;
  #up: ChildProcess | undefined;

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `wayward-${name}-`));
    this.env = { ...process.env, NODE_OPTIONS: "", WAYWARD_SPOOL: join(this.folder, "spool") };
  }

  /** Starts an all-in-one on the folder; what it keeps outlives `down`. */
  async up(): Promise<Addresses> {
    const up = this.start(["up", "--data", join(this.folder, "data"), "--port", "0", "--http-port", "0"]);
    this.#up = up;
    const [, server, http] = await said(up, /gRPC at (\S+), metrics at http:\/\/(\S+)\/metrics/);
    this.env.WAYWARD_SERVER = server;
    return { server: server!, http: http! };
  }

  async down(): Promise<void> {
    if (this.#up === undefined) return;
    this.#up.kill("SIGTERM");
    await ended(this.#up);
    this.#up = undefined;
  }

  /** Ends the all-in-one and removes the folder. */
  async remove(): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Starts `wayward` with these arguments. */
  start(args: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess {
    return this.startNode([BIN, ...args], more);
  }

  startNode(args: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn(process.execPath, args, {
      env: { ...this.env, ...more },
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  run(...args: string[]): Promise<Ended> {
    return ended(this.start(args));
  }

  /** Each line that the command prints as JSON, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: docs/json.md has a shape for each command
  async json(...args: string[]): Promise<any[]> {
    const { stdout } = await this.run(...args, "--json");
    return linesOf(stdout).map((line) => JSON.parse(line));
  }

  /** Runs a module to its end. */
  module(code: string): Promise<Ended> {
    return ended(this.startNode(["--input-type=module", "-e", code]));
  }

  /** Path of a file with this text. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }
}

/** Waits for the process's end. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk) => {
      texts[name] += chunk;
    });
  }
  if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, ...texts };
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, ...texts };
}

/** Waits until the process says this, on either output. */
export function said(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = "";
    const hear = (chunk: Buffer) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match !== null) resolve(match);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("close", (code) => reject(new Error(`ended with ${code} and did not say ${pattern}: ${text}`)));
  });
}

export function linesOf(text: string): string[] {
  return text.split("\n").filter(Boolean);
}
