import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A program of bench/programs in a process of its own that answers messages, one at a time. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "exit");
  }

  /** Starts it; tells what it says first. */
  static async start<T>(name: string, ...args: readonly string[]): Promise<{ program: Program; said: T }> {
    const program = new Program(fork(join(import.meta.dirname, "programs", `${name}.ts`), args));
    return { program, said: await program.#answer() };
  }

  ask<T>(message: string | number): Promise<T> {
    this.#child.send(message);
    return this.#answer();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  async #answer<T>(): Promise<T> {
    const ended = this.#ended.then(() => {
      throw new Error(`${this.#child.spawnargs.join(" ")} ended with code ${this.#child.exitCode}`);
    });
    const [message] = await Promise.race([once(this.#child, "message"), ended]);
    return message;
  }
}
