import { analyze, type FindingsCommand, printFindings, printRests } from "../../analyzed.ts";
import { printTable } from "../../output/plain-table.ts";
import { withLeastTimes } from "../../output/waits-table.ts";
import { parseTime } from "../../selection.ts";

export interface WaitsCommand extends FindingsCommand {
  readonly at?: string;
}

/** `wayward locks waits`: who waits for whom, now or at a time, and who waits in vain. */
export async function locksWaits(options: WaitsCommand): Promise<void> {
  const until = options.at === undefined ? undefined : parseTime("--at", options.at, Date.now()) + 1n;
  const analyzed = await analyze(options, { rules: ["live"], tables: ["waits"], until });
  const shown = options.json === true ? analyzed : { ...analyzed, tables: analyzed.tables.map(withLeastTimes) };
  await printTable(shown, "waits", options);
  await printFindings(analyzed, options);
  await printRests(analyzed, options);
}
