import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Running } from "./program.ts";

const BIN = join(import.meta.dirname, "../../../../clients/cli/bin/wayward.mjs");

/** A record as `wayward read --json` prints it. */
export interface Told {
  readonly kind: string;
  readonly lane_name: string;
  /** Nanoseconds of the session's clock. */
  readonly raw_time: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly coverage?: { readonly gaps: readonly { readonly cause: string; readonly count?: string }[] };
}

/** An all-in-one in a process and a folder of its own. */
export class AllInOne {
  readonly address: string;
  #up: Running;
  readonly #data: string;

  constructor(up: Running, data: string, address: string) {
    this.#up = up;
    this.#data = data;
    this.address = address;
  }

  static async start(): Promise<AllInOne> {
    const data = mkdtempSync(join(tmpdir(), "agent-up-"));
    const up = wayward(["up", "--data", data, "--port", "0", "--http-port", "0"]);
    return new AllInOne(up, data, await up.says(/gRPC at (\S+?),/));
  }

  /** Asks by the command line; one parsed line each. */
  async ask<T = Told>(...args: string[]): Promise<T[]> {
    const asking = wayward([...args, "--json", "--server", this.address]);
    await asking.ended;
    return asking.stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  }

  /** Ends the process and starts another on the same folder and port. */
  async restart(): Promise<void> {
    await this.#up.stop();
    const port = this.address.split(":").at(-1)!;
    this.#up = wayward(["up", "--data", this.#data, "--port", port, "--http-port", "0"]);
    await this.#up.says(/gRPC at (\S+?),/);
  }

  async stop(): Promise<void> {
    await this.#up.stop();
    rmSync(this.#data, { recursive: true });
  }
}

function wayward(args: readonly string[]): Running {
  return new Running(process.execPath, [BIN, ...args], { ...process.env, NODE_OPTIONS: "" });
}
