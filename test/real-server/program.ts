import { type Started, wayward } from "../../samples/cluster/process.ts";

/** The server of this folder, as `wayward run` records it. */
export class Program implements AsyncDisposable {
  readonly #run: Started;

  /** `name` becomes the session's. */
  constructor(name: string, env: NodeJS.ProcessEnv) {
    this.#run = wayward(["run", "--name", name, "--", "node", "test/real-server/server.mjs"], env);
  }

  /** Where it listens. */
  url(): Promise<string> {
    return this.#run.says(/listens at (\S+)\n/, 20_000);
  }

  /** The server's own process, below that of `wayward run`. */
  async pid(): Promise<number> {
    return Number(await this.#run.says(/process (\d+) listens/, 20_000));
  }

  /** Asks it to end as an operator does, and waits until what it recorded is sent; tells the exit code. */
  end(): Promise<number> {
    this.#run.child.kill("SIGTERM");
    return this.#run.ended;
  }

  /** Ends it without warning; tells the exit code. */
  async kill(): Promise<number> {
    process.kill(await this.pid(), "SIGKILL");
    return this.#run.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#run.stop();
  }
}
