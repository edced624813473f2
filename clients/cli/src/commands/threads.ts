import { type Analyzed, connect } from "@wayward/client";
import { type AnalyzeCommand, analyze, printRests } from "../analyzed.ts";
import { withMergedSpans, withoutEmptyColumns } from "../output/brief-table.ts";
import { printTable } from "../output/plain-table.ts";
import { hiddenReporters, tellHidden, type WithReporters } from "../reporters.ts";

export interface ThreadsCommand extends AnalyzeCommand, WithReporters {
  readonly activity: boolean;
}

type Table = Analyzed["tables"][number];

/** `wayward threads`: what lanes there are and what they waited for or, with `--activity`, how many worked when. */
export async function threads(options: ThreadsCommand): Promise<void> {
  const name = options.activity ? "activity" : "lanes";
  const analyzed = await analyze(options, { rules: ["live"], tables: [name] });
  const hidden = await hiddenOf(options);
  const tables = analyzed.tables.map((table) => withoutSessions(table, hidden));
  await printTable({ ...analyzed, tables: options.json === true ? tables : tables.map(brief) }, name, options);
  tellHidden(hidden.size);
  await printRests(analyzed, options);
}

async function hiddenOf(options: ThreadsCommand): Promise<ReadonlySet<string>> {
  const client = connect({ server: options.server });
  try {
    return await hiddenReporters(client, options);
  } finally {
    client.close();
  }
}

function withoutSessions(table: Table, hidden: ReadonlySet<string>): Table {
  const session = table.columns.findIndex(({ name }) => name === "session");
  return { ...table, rows: table.rows.filter((row) => !hidden.has(String(row[session]))) };
}

/** For people: there are causes of waiting that no lane of a program meets, and spans in which nothing changes. */
function brief(table: Table): Table {
  return withoutEmptyColumns(table.name === "activity" ? withMergedSpans(table) : table);
}
