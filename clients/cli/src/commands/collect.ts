import { resolve } from "node:path";
import { WaywardError } from "@wayward/base";
import { collect } from "@wayward/collector";
import { EXIT } from "../exit.ts";
import { ingestAddress, spoolFolder } from "../folders.ts";
import { untilInterrupted } from "../interrupt.ts";

export interface CollectCommand {
  readonly once: boolean;
  readonly server?: string;
}

/** `wayward collect`: pushes spools until Ctrl-C or, with `--once`, until all was accepted. */
export async function collectSpools(folder: string | undefined, options: CollectCommand): Promise<void> {
  const { waiting, problem } = await collect({
    root: resolve(folder ?? spoolFolder()),
    address: ingestAddress(options.server),
    signal: untilInterrupted(),
    once: options.once,
    tell: (message) => process.stderr.write(`${message}\n`),
  });
  if (options.once && waiting > 0 && process.exitCode !== EXIT.interrupted) {
    throw new WaywardError("UNAVAILABLE", "NOT_PUSHED", `${waiting} blocks were not accepted: ${problem}`);
  }
}
