import type { Started } from "../../samples/cluster/process.ts";
import type { Host } from "./network.ts";

/** Longest wait of a program for a shared lock. */
export const LOCK_WAIT_MS = 20_000;
const STEP_MS = 20_000;

/** Both programs, one on each host. */
export class Pair implements AsyncDisposable {
  /** Takes orders, then stock. */
  readonly shipping: Started;
  /** Takes stock, then orders. */
  readonly stocktaking: Started;

  readonly #south: Host;

  /** `locks` is the lock server's port; `env` says where records go. */
  constructor([north, south]: readonly [Host, Host], locks: number, env: NodeJS.ProcessEnv) {
    const run = (host: Host, name: string) =>
      host.run("test/two-hosts/program.ts", [name, `${host.gateway}:${locks}`, String(LOCK_WAIT_MS)], env);
    this.#south = south;
    this.shipping = run(north, "shipping");
    this.stocktaking = run(south, "stocktaking");
  }

  async sessions(): Promise<[string, string]> {
    const session = (program: Started) => program.says(/session (\S+)\n/, STEP_MS);
    return [await session(this.shipping), await session(this.stocktaking)];
  }

  /** One after the other takes both locks and gives them back: nobody can hang. */
  async inTurn(): Promise<void> {
    for (const [program, word, done] of [
      [this.shipping, "ship", /\nshipped\n/],
      [this.stocktaking, "count", /\ncounted\n/],
    ] as const) {
      program.tell(word);
      program.tell("on");
      await program.says(done, STEP_MS);
    }
  }

  /** One holds a lock while it asks the other, which takes another lock for the answer; then the other takes both in turn. */
  async asking(): Promise<void> {
    this.stocktaking.tell("serve");
    const port = await this.stocktaking.says(/\nserves at (\d+)\n/, STEP_MS);
    this.shipping.tell(`ask http://${this.#south.address}:${port}/`);
    await this.shipping.says(/\nanswered by south\n/, STEP_MS);
    this.stocktaking.tell("count");
    this.stocktaking.tell("on");
    await this.stocktaking.says(/\ncounted\n/, STEP_MS);
  }

  /** Each takes its first lock, then asks for the other's: both hang until their time is over. */
  async crosswise(): Promise<void> {
    this.shipping.tell("ship");
    this.stocktaking.tell("count");
    await this.shipping.says(/\nhas orders\n/, STEP_MS);
    await this.stocktaking.says(/\nhas stock\n/, STEP_MS);
    this.shipping.tell("on");
    this.stocktaking.tell("on");
  }

  /** How each went on after it had hung. */
  async outcome(): Promise<string> {
    const shipped = await this.shipping.says(/\n((?:not )?shipped)\n/, LOCK_WAIT_MS + STEP_MS);
    const counted = await this.stocktaking.says(/\n((?:not )?counted)\n/, LOCK_WAIT_MS + STEP_MS);
    return `${shipped}, ${counted}`;
  }

  /** True once all records of both are accepted. */
  async end(): Promise<boolean> {
    const both = [this.shipping, this.stocktaking];
    for (const program of both) program.tell("end");
    return (await Promise.all(both.map(({ ended }) => ended))).every((code) => code === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.shipping.stop(), this.stocktaking.stop()]);
  }
}
