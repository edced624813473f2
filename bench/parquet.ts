import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openJetStreamBus } from "@wayward/bus";
import { freePort, startNats } from "@wayward/testing";
import { Started } from "../samples/cluster/process.ts";
import { type Dataset, makeDataset, PARQUET, publishAll } from "./dataset.ts";
import { openDuck, registerRows } from "./duck.ts";
import { type Bench, cpuSeconds, type Figure, ownCpuSeconds } from "./figure.ts";
import { RECORD_COLUMNS } from "./records.ts";

const PARTITIONS = 4;

/** P7: bytes of the archive and CPU of the archiver, with the folder store, against Parquet written by DuckDB. */
export const archive: Bench = async ({ quick }) => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  try {
    const warm = makeDataset(4_000_000, 4);
    const dataset = makeDataset(quick ? 8_000_000 : 20_000_000, 0);
    const theirs = await writeParquet(dataset, join(folder, "records.parquet"));
    const ours = await archiveFolder(warm, dataset, join(folder, "store"));
    const each = (value: number) => (value / dataset.records).toFixed(2);
    const cpu = (seconds: number) => ((seconds * 1e9) / dataset.records).toFixed(1);
    const bytes = `archive bytes / Parquet V2 zstd 3 (${each(ours.bytes)} and ${each(theirs.bytes)} B/record)`;
    const time = `archiver CPU / DuckDB writing that Parquet (${cpu(ours.cpu)} and ${cpu(theirs.cpu)} ns/record)`;
    const figures: Figure[] = [
      { id: "P7a", what: bytes, value: ours.bytes / theirs.bytes, unit: "×", op: "<=", must: 0.65, aim: 0.55 },
      { id: "P7b", what: time, value: ours.cpu / theirs.cpu, unit: "×", op: "<=", must: 1 / 8, aim: 1 / 15 },
    ];
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Streams the rows into one file, as an archiver would: no table in between. */
async function writeParquet({ rows }: Dataset, path: string): Promise<{ bytes: number; cpu: number }> {
  const duck = await openDuck(1);
  await registerRows(duck.connection, "records", RECORD_COLUMNS, () => rows.values());
  const copy = (from: string) => duck.connection.run(`COPY (SELECT * FROM ${from}) TO '${path}' (${PARQUET})`);
  await copy("records() LIMIT 500000");
  const before = ownCpuSeconds();
  await copy("records()");
  const cpu = ownCpuSeconds() - before;
  duck.close();
  return { bytes: statSync(path).size, cpu };
}

/** The archiver as it is deployed, on a folder; `warm` goes first and does not count. */
async function archiveFolder(warm: Dataset, dataset: Dataset, folder: string): Promise<{ bytes: number; cpu: number }> {
  await using nats = await startNats({ syncAlways: false });
  const archiver = new Started(process.execPath, ["services/archive/src/main.ts"], {
    WAYWARD_NATS: nats.url,
    WAYWARD_NATS_MONITOR: nats.monitorUrl,
    WAYWARD_BUS_BYTES: "512MiB",
    WAYWARD_STORE: pathToFileURL(folder).href,
    WAYWARD_PORT: String(await freePort()),
    WAYWARD_HTTP_PORT: String(await freePort()),
  });
  try {
    await archiver.says(/"message":"ready"/, 20_000);
    const bus = await openJetStreamBus({ servers: nats.url, partitions: PARTITIONS, maxBytes: 512 * 1024 ** 2 });
    await publishAll(bus, warm, "warm");
    const pid = archiver.child.pid ?? 0;
    const before = await cpuSeconds(pid);
    await publishAll(bus, dataset, "default");
    const cpu = (await cpuSeconds(pid)) - before;
    await bus.close();
    return { bytes: folderBytes(join(folder, "v1/t/default")), cpu };
  } finally {
    await archiver.stop();
  }
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
