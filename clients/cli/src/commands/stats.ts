import { type query, selection } from "@wayward/api";
import { formatDuration } from "@wayward/base";
import { type Client, type CountOptions, connect, type Selection } from "@wayward/client";
import { coverageLines, expectSessions } from "../output/coverage.ts";
import { jsonLine } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { write } from "../output/write.ts";
import { parseCount, type SelectionOptions, selectionOf } from "../selection.ts";

export interface StatsCommand extends SelectionOptions {
  readonly server?: string;
  readonly json?: boolean;
  readonly by?: string[];
  readonly measure?: string;
  readonly sort?: CountOptions["sortBy"];
  readonly top: string;
  readonly scan: boolean;
}

/** `wayward stats`: one table by `--by`, or an overview of kinds, zones and locks. */
export async function stats(options: StatsCommand): Promise<void> {
  const client = connect({ server: options.server });
  const chosen = selectionOf(options);
  try {
    if (options.by === undefined && options.measure === undefined) {
      await overview(client, chosen, options.json === true);
      return;
    }
    const table = {
      title: "",
      groupBy: options.by ?? [],
      measure: options.measure,
      sortBy: options.sort,
      top: parseCount("--top", options.top),
      scan: options.scan,
    };
    process.stderr.write(coverageLines(await show(client, chosen, table, options.json === true)));
  } finally {
    client.close();
  }
}

interface Table extends CountOptions {
  readonly title: string;
}

const OVERVIEW: readonly Table[] = [
  { title: "Records by kind", groupBy: ["kind"], top: 20 },
  { title: "Slowest zones", groupBy: ["zone"], measure: "duration", sortBy: "max", top: 10 },
  { title: "Most waited-for locks", groupBy: ["lock"], measure: "wait", sortBy: "sum", top: 10 },
];

/** What a person asks first, in three tables. */
async function overview(client: Client, chosen: Selection, asJson: boolean): Promise<void> {
  let rests = "";
  for (const table of OVERVIEW) rests = coverageLines(await show(client, chosen, table, asJson));
  process.stderr.write(rests);
}

/** One table, and what it rests on. Throws NO_SESSION before anything is written. */
async function show(
  client: Client,
  chosen: Selection,
  { title, ...table }: Table,
  asJson: boolean,
): Promise<selection.Coverage> {
  const answer = await client.count({ ...chosen, ...table });
  const coverage = answer.coverage ?? selection.Coverage.fromPartial({});
  expectSessions(coverage, chosen.sessions);
  const groupBy = table.groupBy ?? [];
  const groups = [...answer.groups, ...(answer.other !== undefined && answer.other.count > 0n ? [answer.other] : [])];
  if (asJson) {
    for (const group of groups) await write(jsonLine(groupJson(group, groupBy, title)));
    return coverage;
  }
  const measured = table.measure !== undefined && table.measure !== "";
  const nanoseconds = ["duration", "wait", "hold"].includes(table.measure ?? "");
  const columns = [
    ...groupBy.map((name) => ({ title: name.toUpperCase() })),
    ...["COUNT", ...(measured ? ["SUM", "P50", "P99", "MAX"] : [])].map((name) => ({ title: name, right: true })),
  ];
  const rows = groups.map((group) => groupRow(group, groupBy.length, measured, nanoseconds));
  const text = rows.length === 0 ? "none\n" : formatTable(columns, rows);
  await write(title === "" ? text : `${title}\n${text}\n`);
  return coverage;
}

function groupRow(group: query.Group, keys: number, measured: boolean, nanoseconds: boolean): string[] {
  const number = (value: bigint) => (nanoseconds ? formatDuration(value) : String(value));
  // What a record lacks has no name.
  const own = group.keys.map((key) => (key === "" ? "-" : key));
  const names = own.length === keys ? own : Array.from({ length: keys }, () => "other");
  // What is left over is added up only.
  const isRest = keys > 0 && group.keys.length !== keys;
  const rest = isRest ? ["", "", ""] : [group.p50, group.p99, group.max].map(number);
  const sums = measured ? [number(group.sum), ...rest] : [];
  return [...names, String(group.count), ...sums];
}

function groupJson({ keys, ...sums }: query.Group, groupBy: readonly string[], table: string): object {
  const named = groupBy.map((name, at) => [name, keys[at] ?? null]);
  return { ...(table === "" ? {} : { table }), ...Object.fromEntries(named), ...sums };
}
