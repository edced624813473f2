import { deepStrictEqual } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { query } from "@wayward/api";
import { startArchiver } from "@wayward/archive";
import { type Bus, openEmbeddedBus } from "@wayward/bus";
import { Reader } from "@wayward/reader";
import { createLog, createMetrics } from "@wayward/service-kit";
import { openStore, type Store } from "@wayward/store";
import { type Dataset, makeDataset, PARQUET, publishAll } from "./dataset.ts";
import { type Connection, openDuck, registerRows } from "./duck.ts";
import { type Bench, type Figure, median } from "./figure.ts";
import { MIX_CLOCK } from "./mix.ts";
import { ALL_COLUMNS } from "./records.ts";

const PARTITIONS = 4;
/** A lane has some 5,500 records in this time. */
const SLICE_NS = 25_000_000n;
const NEEDLE = "cart of 4711 has";

/** One question, put to both; what they answer must be equal. */
interface Question {
  readonly id: string;
  readonly what: string;
  readonly must: number;
  readonly aim: number;
  ours(reader: Reader): Promise<unknown>;
  theirs(duck: Connection): Promise<unknown>;
}

/** P8: questions to the reader and to DuckDB over Parquet of the same records. */
export const questions: Bench = async ({ quick }) => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: PARTITIONS });
  const store = await openStore(pathToFileURL(join(folder, "store")).href);
  const duck = await openDuck(2);
  try {
    const dataset = makeDataset(quick ? 2_000_000 : 20_000_000, 0);
    const path = join(folder, "records.parquet");
    await writeParquet(duck.connection, dataset, path);
    await duck.connection.run(`CREATE VIEW records AS SELECT * FROM '${path}'`);
    await archiveAll(bus, store, dataset);
    const reader = new Reader({ bus, store, partitions: PARTITIONS, tenant: "default" });
    const figures: Figure[] = [];
    for (const question of ask(dataset)) figures.push(await compare(question, reader, duck.connection, quick ? 7 : 11));
    return figures;
  } finally {
    duck.close();
    await bus.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

/** With what DuckDB would have to make up for each question: durations, waits, messages. */
async function writeParquet(duck: Connection, { rows }: Dataset, path: string): Promise<void> {
  await registerRows(duck, "made", ALL_COLUMNS, () => rows.values());
  const filled = "regexp_replace(regexp_replace(name::VARCHAR, '\\{\\}', arg0::VARCHAR), '\\{\\}', arg1::VARCHAR)";
  const message = `CASE WHEN kind = 'log.message' THEN ${filled} END AS message`;
  await duck.run(`COPY (SELECT *, ${message} FROM made()) TO '${path}' (${PARQUET})`);
}

async function archiveAll(bus: Bus, store: Store, dataset: Dataset): Promise<void> {
  const archiver = await startArchiver({
    bus,
    store,
    partitions: PARTITIONS,
    flushMs: 2_000,
    log: createLog("error"),
    metrics: createMetrics(),
  });
  await publishAll(bus, dataset, "default");
  await archiver.stop();
}

async function compare(question: Question, reader: Reader, duck: Connection, rounds: number): Promise<Figure> {
  const { id, what, must, aim } = question;
  deepStrictEqual(await question.ours(reader), await question.theirs(duck), `${id}: answers differ`);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(await timed(() => question.theirs(duck)));
    ours.push(await timed(() => question.ours(reader)));
  }
  const [mine, its] = [median(ours), median(theirs)];
  const times = `(${mine.toFixed(1)} and ${its.toFixed(1)} ms)`;
  return { id, what: `${what}: speed / DuckDB ${times}`, value: its / mine, unit: "×", op: ">=", must, aim };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function ask({ sessions, records }: Dataset): Question[] {
  const session = Buffer.from(sessions[1]!);
  // The middle of the session; a record of the mix takes 280 ns.
  const from = MIX_CLOCK.start + BigInt(Math.floor(records / sessions.length / 2)) * 280n - SLICE_NS / 2n;
  const until = from + SLICE_NS;
  const offset = MIX_CLOCK.wall - MIX_CLOCK.start;
  const slice = {
    selector: { sessions: [session] },
    filter: { from: from + offset, until: until + offset, lanes: ["worker-5"] },
  };
  return [
    {
      id: "P8a",
      what: "one lane for 25 ms",
      must: 2,
      aim: 3,
      ours: (reader) => readAll(reader, slice),
      theirs: (duck) =>
        selectAll(duck, `session = 'mix-1' AND lane = 'worker-5' AND time >= ${from} AND time < ${until}`),
    },
    {
      id: "P8b",
      what: "records whose text holds a rare phrase",
      must: 2,
      aim: 3,
      ours: (reader) => readAll(reader, { filter: { text: NEEDLE } }),
      theirs: (duck) => selectAll(duck, `contains(message, '${NEEDLE}')`),
    },
    {
      id: "P8c",
      what: "waits by lock",
      must: 30,
      aim: 50,
      ours: (reader) => count(reader, "lock", "wait"),
      theirs: (duck) => group(duck, "object", "wait"),
    },
    {
      id: "P8d",
      what: "durations by zone",
      must: 30,
      aim: 50,
      ours: (reader) => count(reader, "zone", "duration"),
      theirs: (duck) => group(duck, "zone", "duration", "AND kind = 'zone.end'"),
    },
  ];
}

/** All chosen records as values; tells how many. */
async function readAll(reader: Reader, request: Parameters<typeof query.ReadRequest.fromPartial>[0]): Promise<number> {
  let records = 0;
  for await (const { part } of reader.read(query.ReadRequest.fromPartial(request), new AbortController().signal)) {
    if (part?.$case === "rows") records += part.value.rows.length;
  }
  return records;
}

async function selectAll(duck: Connection, where: string): Promise<number> {
  const columns = await duck.runAndReadAll(`SELECT * FROM records WHERE ${where} ORDER BY time`);
  return columns.getColumns()[0]?.length ?? 0;
}

async function count(reader: Reader, by: string, measure: string): Promise<unknown[][]> {
  const request = query.CountRequest.fromPartial({ groupBy: [by], measure });
  const { groups } = await reader.count(request, new AbortController().signal);
  return groups.map(({ keys, count, sum, max }) => [keys[0], count, sum, max]).sort(byName);
}

async function group(duck: Connection, by: string, measure: string, where = ""): Promise<unknown[][]> {
  const sums = `count(${measure}), sum(${measure})::BIGINT, max(${measure})::BIGINT`;
  const sql = `SELECT ${by}::VARCHAR, ${sums} FROM records WHERE ${measure} IS NOT NULL ${where} GROUP BY 1`;
  const [names = [], counts = [], totals = [], most = []] = (await duck.runAndReadAll(sql)).getColumns();
  return names.map((name, row) => [name, counts[row], totals[row], most[row]]).sort(byName);
}

function byName([a]: unknown[], [b]: unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}
