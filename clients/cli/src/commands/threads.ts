import { type AnalyzeCommand, analyze, printRests } from "../analyzed.ts";
import { printTable } from "../output/plain-table.ts";

export interface ThreadsCommand extends AnalyzeCommand {
  readonly activity: boolean;
}

/** `wayward threads`: what lanes there are and what they waited for or, with `--activity`, how many worked when. */
export async function threads(options: ThreadsCommand): Promise<void> {
  const table = options.activity ? "activity" : "lanes";
  const analyzed = await analyze(options, { rules: ["live"], tables: [table] });
  await printTable(analyzed, table, options);
  await printRests(analyzed, options);
}
