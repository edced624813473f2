import { type query, selection } from "@wayward/api";
import { formatDuration, WaywardError } from "@wayward/base";
import { type Client, type CountOptions, connect, type Selection } from "@wayward/client";
import { coverageLines, expectSessions } from "../output/coverage.ts";
import { jsonLine } from "../output/json.ts";
import { coverageJson, snakeKeys } from "../output/message.ts";
import { formatTable } from "../output/table.ts";
import { write } from "../output/write.ts";
import { parseCount, type SelectionOptions, selectionOf } from "../selection.ts";
import { tellUnknownNames } from "../why-empty.ts";

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
  const top = parseCount("--top", options.top);
  const { sort = "count", measure = "" } = options;
  if (sort !== "count" && measure === "") {
    throw new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", `--sort ${sort} needs --measure, which says of what`);
  }
  const client = connect({ server: options.server });
  const chosen = selectionOf(options);
  try {
    if (options.by === undefined && options.measure === undefined) {
      if (await overview(client, chosen, options.json === true)) await tellUnknownNames(client, options);
      return;
    }
    const table = {
      title: "",
      groupBy: options.by ?? [],
      measure: options.measure,
      sortBy: options.sort,
      top,
      scan: options.scan,
    };
    const { coverage, saysNothing } = await show(client, chosen, table, options.json === true);
    if (saysNothing) await tellUnknownNames(client, options);
    await writeRests(coverage, options.json === true);
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

/** What a person asks first, in three tables. True if there is nothing in any. */
async function overview(client: Client, chosen: Selection, asJson: boolean): Promise<boolean> {
  let rests = selection.Coverage.fromPartial({});
  let saysNothing = true;
  for (const table of OVERVIEW) {
    const shown = await show(client, chosen, table, asJson);
    rests = shown.coverage;
    saysNothing &&= shown.saysNothing;
  }
  await writeRests(rests, asJson);
  return saysNothing;
}

/** What an answer rests on: the last line for programs, else for people beside it. */
async function writeRests(coverage: selection.Coverage, asJson: boolean): Promise<void> {
  if (asJson) await write(jsonLine({ coverage: coverageJson(coverage) }));
  else process.stderr.write(coverageLines(coverage));
}

interface Shown {
  readonly coverage: selection.Coverage;
  /** No group has a name, or nothing was there to measure. */
  readonly saysNothing: boolean;
}

/** One table, and what it rests on. Throws NO_SESSION before anything is written. */
async function show(client: Client, chosen: Selection, { title, ...table }: Table, asJson: boolean): Promise<Shown> {
  const answer = await client.count({ ...chosen, ...table });
  const coverage = answer.coverage ?? selection.Coverage.fromPartial({});
  expectSessions(coverage, chosen.sessions);
  const groupBy = table.groupBy ?? [];
  const groups = [...answer.groups, ...(answer.other !== undefined && answer.other.count > 0n ? [answer.other] : [])];
  const measured = table.measure !== undefined && table.measure !== "";
  const shown = { coverage, saysNothing: groups.every((group) => isBlank(group, measured)) };
  if (asJson) {
    for (const group of groups) await write(jsonLine(groupJson(group, groupBy, measured, title)));
    return shown;
  }
  const nanoseconds = ["duration", "wait", "hold"].includes(table.measure ?? "");
  const columns = [
    ...groupBy.map((name) => ({ title: name.toUpperCase() })),
    ...["COUNT", ...(measured ? ["SUM", "P50", "P99", "MAX"] : [])].map((name) => ({ title: name, right: true })),
  ];
  const rows = groups.map((group) => groupRow(group, groupBy.length, measured, nanoseconds));
  const text = rows.length === 0 ? "none\n" : formatTable(columns, rows);
  await write(title === "" ? text : `${title}\n${text}\n`);
  return shown;
}

/** Some key that is a dash everywhere, or a measure that is 0 everywhere, may be of no field. */
function isBlank({ keys, sum, min, max }: query.Group, measured: boolean): boolean {
  const unnamed = keys.some((key) => key === "");
  return unnamed || (measured && sum === 0n && min === 0n && max === 0n);
}

function groupRow(group: query.Group, keys: number, measured: boolean, nanoseconds: boolean): string[] {
  const number = (value: bigint) => {
    const text = nanoseconds ? formatDuration(value) : String(value);
    return group.outOfRange && isBound(value) ? `beyond ${text}` : text;
  };
  // What a record lacks has no name.
  const own = group.keys.map((key) => (key === "" ? "-" : key));
  const names = own.length === keys ? own : Array.from({ length: keys }, () => "other");
  // What is left over is added up only.
  const isRest = keys > 0 && group.keys.length !== keys;
  const rest = isRest ? ["", "", ""] : [group.p50, group.p99, group.max].map(number);
  const sums = measured ? [number(group.sum), ...rest] : [];
  return [...names, String(group.count), ...sums];
}

/** True for the ends of what 64 bits with a sign hold. */
function isBound(value: bigint): boolean {
  return value === 2n ** 63n - 1n || value === -(2n ** 63n);
}

/** What was not measured is null. */
function groupJson({ keys, ...sums }: query.Group, groupBy: readonly string[], measured: boolean, table: string) {
  const named = groupBy.map((name, at) => [name, keys[at] ?? null]);
  const unmeasured = measured ? {} : { sum: null, min: null, max: null, p50: null, p90: null, p99: null };
  return { ...(table === "" ? {} : { table }), ...Object.fromEntries(named), ...snakeKeys(sums), ...unmeasured };
}
