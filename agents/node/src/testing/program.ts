import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSpool, sessionsIn, withoutAnchors } from "./spool.ts";

/** What programs import where they do not use the bundle. */
export const SOURCE = join(import.meta.dirname, "../api.ts");

/** The machine's own Node, which is older than ours. */
export const SYSTEM_NODE = "/usr/bin/node";

export interface ProgramOptions {
  /** Folder of the spool. */
  readonly spool: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  /** What `start` is imported from. */
  readonly module?: string;
  /** Options of `start`, as source text. */
  readonly options?: string;
  /** Show the anchors of the clock as well. */
  readonly anchors?: boolean;
}

/** A program in one string that has started an agent. */
function programArgs(body: string, { module = SOURCE, options = "" }: ProgramOptions): string[] {
  const program = `import { start } from ${JSON.stringify(module)};\nconst agent = start(${options});\n${body}`;
  return ["--input-type=module", "-e", program];
}

function programEnv({ spool, env }: ProgramOptions): NodeJS.ProcessEnv {
  const bare = Object.entries(process.env).filter(([key]) => !key.startsWith("WAYWARD_") && key !== "NODE_OPTIONS");
  return { ...Object.fromEntries(bare), WAYWARD_SPOOL: spool, WAYWARD_NAME: "test", ...env };
}

/** Runs a program to its end. */
export function runProgram(body: string, options: ProgramOptions) {
  return spawnSync(options.node ?? process.execPath, programArgs(body, options), {
    env: programEnv(options),
    encoding: "utf8",
    timeout: 20_000,
  });
}

/** Runs a program that only writes, then reads its spool. */
export function recorded(body: string, options: Partial<ProgramOptions> = {}) {
  const spool = mkdtempSync(join(tmpdir(), "agent-"));
  const child = runProgram(body, { spool, ...options });
  const session = sessionsIn(spool)[0];
  const read = session === undefined ? undefined : readSpool(spool, session);
  rmSync(spool, { recursive: true });
  const rows = read?.rows ?? [];
  return { child, headers: read?.headers ?? [], rows: options.anchors ? rows : withoutAnchors(rows) };
}

/** A program that runs; what it prints is gathered. */
export class Running {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  /** Its exit code and signal. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  #heard = () => {};

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
      this.#heard();
    });
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
      this.#heard();
    });
    this.ended = new Promise((resolve) =>
      this.child.once("close", (code, signal) => {
        this.#heard();
        resolve({ code, signal });
      }),
    );
  }

  /** Waits for a line that matches on either output; gives its first group. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match[1] ?? match[0];
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`ended without saying ${pattern}: ${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await this.ended;
  }
}

/** Starts a program that has started an agent. */
export function launch(body: string, options: ProgramOptions): Running {
  return new Running(options.node ?? process.execPath, programArgs(body, options), programEnv(options));
}
