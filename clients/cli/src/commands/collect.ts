import { resolve } from "node:path";
import { WaywardError } from "@wayward/base";
import { collect } from "@wayward/collector";
import { EXIT } from "../exit.ts";
import { ingestAddress, spoolFolder } from "../folders.ts";
import { untilInterrupted } from "../interrupt.ts";
import { countText } from "../output/count.ts";
import { pushRest } from "./run-end.ts";

export interface CollectCommand {
  readonly once: boolean;
  readonly server?: string;
}

/**
 * `wayward collect`: pushes spools until Ctrl-C or, with `--once`, until all
 * was accepted. A supervisor's SIGTERM comes when the programs beside it have
 * just ended: what they wrote last is pushed still.
 */
export async function collectSpools(folder: string | undefined, options: CollectCommand): Promise<void> {
  const work = {
    root: resolve(folder ?? spoolFolder()),
    address: ingestAddress(options.server),
    tell: (message: string) => process.stderr.write(`${message}\n`),
  };
  const { waiting, problem } = await collect({ ...work, signal: untilInterrupted(), once: options.once });
  const isInterrupted = process.exitCode === EXIT.interrupted;
  if (!options.once && !isInterrupted) await pushRest(work);
  if (options.once && waiting > 0 && !isInterrupted) {
    throw new WaywardError(
      "UNAVAILABLE",
      "NOT_PUSHED",
      `${countText(waiting, "block")} not accepted: ${problem || "no server"}`,
    );
  }
}
