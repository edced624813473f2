import { resolve } from "node:path";
import { WaywardError } from "@wayward/base";
import { collect } from "@wayward/collector";
import { ingestAddress, spoolFolder } from "../folders.ts";

export interface CollectCommand {
  readonly once: boolean;
  readonly server?: string;
}

/** `wayward collect`: pushes spools until Ctrl-C or, with `--once`, until all was accepted. */
export async function collectSpools(folder: string | undefined, options: CollectCommand): Promise<void> {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  const { waiting, problem } = await collect({
    root: resolve(folder ?? spoolFolder()),
    address: ingestAddress(options.server),
    signal: stop.signal,
    once: options.once,
    tell: (message) => process.stderr.write(`${message}\n`),
  });
  if (options.once && waiting > 0) {
    throw new WaywardError("UNAVAILABLE", "NOT_PUSHED", `${waiting} blocks were not accepted: ${problem}`);
  }
}
