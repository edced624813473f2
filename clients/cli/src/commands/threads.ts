import type { Analyzed } from "@wayward/client";
import { type AnalyzeCommand, analyze, printRests } from "../analyzed.ts";
import { withMergedSpans, withoutEmptyColumns } from "../output/brief-table.ts";
import { printTable } from "../output/plain-table.ts";

export interface ThreadsCommand extends AnalyzeCommand {
  readonly activity: boolean;
}

/** `wayward threads`: what lanes there are and what they waited for or, with `--activity`, how many worked when. */
export async function threads(options: ThreadsCommand): Promise<void> {
  const table = options.activity ? "activity" : "lanes";
  const analyzed = await analyze(options, { rules: ["live"], tables: [table] });
  await printTable(options.json === true ? analyzed : forPeople(analyzed), table, options);
  await printRests(analyzed, options);
}

/** There are causes of waiting that no lane of a program meets, and spans in which nothing changes. */
function forPeople(analyzed: Analyzed): Analyzed {
  const brief = (table: Analyzed["tables"][number]) =>
    withoutEmptyColumns(table.name === "activity" ? withMergedSpans(table) : table);
  return { ...analyzed, tables: analyzed.tables.map(brief) };
}
