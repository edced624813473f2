import { type ChildProcess, spawn } from "node:child_process";

const root = new URL("../../", import.meta.url).pathname;

/** A child process that this script started and will end. */
export class Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number>;
  #output = "";

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv, show = false) {
    this.child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: "pipe",
    });
    // Who has ended hears nothing any more.
    this.child.stdin?.on("error", () => {});
    const take = (chunk: Buffer, screen: NodeJS.WriteStream) => {
      this.#output += chunk;
      if (show) screen.write(chunk);
    };
    this.child.stdout?.on("data", (chunk) => take(chunk, process.stdout));
    this.child.stderr?.on("data", (chunk) => take(chunk, process.stderr));
    this.ended = new Promise((resolve) => this.child.once("close", (code) => resolve(code ?? 1)));
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits for a line that matches, and tells its first group. Throws if the process ends before, or after `withinMs`. */
  async says(pattern: RegExp, withinMs: number): Promise<string> {
    const until = Date.now() + withinMs;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match[1] ?? match[0];
      const { exitCode, spawnargs } = this.child;
      if (exitCode !== null) throw new Error(`${this.#output.trim()}\n(${spawnargs.join(" ")} ended with ${exitCode})`);
      if (Date.now() > until) {
        throw new Error(`${spawnargs.join(" ")} is not ready after ${withinMs / 1000} s:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Writes a line to its stdin. */
  tell(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await this.ended;
    clearTimeout(timer);
  }
}

/** The `wayward` command of this repository. */
export function wayward(args: readonly string[], env: NodeJS.ProcessEnv, show = false): Started {
  return new Started(process.execPath, ["clients/cli/bin/wayward.mjs", ...args], env, show);
}

/** A sample program of this folder. */
export function sample(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Started {
  return new Started(process.execPath, [`samples/cluster/${name}.ts`, ...args], env);
}
