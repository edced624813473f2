import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import {
  jobEnqueue,
  jobFinish,
  jobStart,
  type Kind,
  logMessage,
  memoryAlloc,
  memoryFree,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";
import { PARQUET } from "./dataset.ts";
import { openDuck, type Rows, registerRows } from "./duck.ts";
import { type Bench, ownCpuSeconds } from "./figure.ts";
import { MIX_NAMES, Mix } from "./mix.ts";
import { Batch, type Row } from "./peers/gen/rows.ts";
import { MIX_KINDS, placesOf, RECORD_COLUMNS, RecordColumns } from "./records.ts";
import { wholePipeline } from "./whole.ts";

/** Rows of one message: more of them gain nothing. */
const BATCH = 8192;
const COMPRESSION = { params: { [zlib.ZSTD_c_compressionLevel]: 1 } };

/** P3b: CPU of all processes from a program to the archive, against rows in protobuf that end in Parquet. */
export const rows: Bench = async ({ quick }) => {
  const theirs = await rowPipeline(quick ? 3_000_000 : 10_000_000);
  const { program, ingest, nats, archive } = await wholePipeline(quick ? 8_000_000 : 20_000_000);
  const ours = program + ingest + nats + archive;
  const ns = (value: number) => value.toFixed(0);
  const shares = `program ${ns(program)}, ingest ${ns(ingest)}, NATS ${ns(nats)}, archive ${ns(archive)}`;
  const what = `whole pipeline CPU / ts-proto rows, zstd 1, DuckDB Parquet without their transport (${ns(ours)} and ${ns(theirs)} ns/record; ${shares})`;
  return [{ id: "P3b", what, value: ours / theirs, unit: "×", op: "<=", must: 1 / 4, aim: 1 / 5 }];
};

/** Encode, compress, decompress, decode, write: CPU nanoseconds a record. Nothing is charged for the way between. */
async function rowPipeline(records: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const duck = await openDuck(1);
  try {
    let batches: Buffer[] = [];
    await registerRows(duck.connection, "received", RECORD_COLUMNS, () => decoded(batches));
    const run = async (most: number): Promise<number> => {
      const writer = new RowWriter();
      const before = ownCpuSeconds();
      batches = [];
      let made = 0;
      for (; made < most; made += BATCH) batches.push(writer.batch());
      const path = join(folder, "rows.parquet");
      await duck.connection.run(`COPY (SELECT * FROM received()) TO '${path}' (${PARQUET})`);
      return ((ownCpuSeconds() - before) * 1e9) / writer.records;
    };
    await run(records / 4);
    return await run(records);
  } finally {
    duck.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an agent of that kind does: a message for each record, many in one packet. */
class RowWriter {
  records = 0;
  readonly #mix: Mix;
  readonly #lanes: ReadonlyMap<number, number>;
  readonly #sites: ReadonlyMap<number, number>;
  readonly #objects: ReadonlyMap<number, number>;
  #rows: Row[] = [];
  #start = 0;
  #last = 0;

  constructor() {
    this.#mix = new Mix(0, {
      see: (kind, lane, time, values, site) => this.#see(kind, lane, Number(time), values, site),
    });
    const { lanes, sites, objects } = this.#mix.numbers;
    this.#lanes = placesOf(lanes);
    this.#sites = placesOf(sites);
    this.#objects = placesOf(objects);
  }

  batch(): Buffer {
    this.#rows = [];
    this.records += this.#mix.skip(BATCH);
    const message = { session: 1, start: this.#start, rows: this.#rows };
    return zstdCompressSync(Batch.encode(message).finish(), COMPRESSION);
  }

  #see(kind: Kind, lane: number, time: number, values: readonly unknown[], site: number | undefined): void {
    if (this.#rows.length === 0) this.#start = this.#last = time;
    const row: Row = {
      delta: time - this.#last,
      lane: this.#lanes.get(lane)!,
      kind: MIX_KINDS.indexOf(kind),
      name: site === undefined ? 0 : this.#sites.get(site)! + 1,
      object: 0,
      mode: 0,
      level: 0,
      channel: 0,
      arg0: 0,
      arg1: "",
      address: 0,
      size: 0,
      job: 0,
      depth: 0,
      outcome: 0,
    };
    this.#last = time;
    if (kind === logMessage) {
      const [count, table] = values[2] as readonly [number, string];
      row.level = Number(values[0]);
      row.channel = 1;
      row.arg0 = count;
      row.arg1 = table;
    } else if (kind !== zoneBegin && kind !== zoneEnd) {
      row.object = this.#objects.get(Number(values[0]))! + 1;
      if (kind === memoryAlloc || kind === memoryFree) {
        row.address = Number(values[1]);
        if (kind === memoryAlloc) row.size = Number(values[2]);
      } else if (kind === jobEnqueue || kind === jobStart || kind === jobFinish) {
        row.job = Number(values[1]);
        if (kind === jobEnqueue) row.depth = Number(values[2]);
      }
    }
    this.#rows.push(row);
  }
}

/** What an archiver of that kind does: messages into columns. */
function* decoded(batches: readonly Buffer[]): Generator<Rows> {
  const columns = new RecordColumns(BATCH + 8);
  const tables = new Map(MIX_NAMES.tables.map((name, place) => [name, place]));
  for (const bytes of batches) {
    const batch = Batch.decode(zstdDecompressSync(bytes, { chunkSize: 256 * 1024 }));
    columns.clear();
    let time = batch.start;
    for (const row of batch.rows) {
      time += row.delta;
      fill(columns, row, time, tables);
    }
    yield columns.rows;
  }
}

const LOG = MIX_KINDS.indexOf(logMessage);

function fill(columns: RecordColumns, row: Row, time: number, tables: ReadonlyMap<string, number>): void {
  const at = columns.count++;
  columns.session.set(at, 0);
  columns.time.set(at, time);
  columns.lane.set(at, row.lane);
  columns.kind.set(at, row.kind);
  if (row.name !== 0) columns.name.set(at, row.name - 1);
  if (row.object !== 0) {
    columns.object.set(at, row.object - 1);
    if (row.address !== 0) columns.address.set(at, row.address);
    else if (row.job !== 0) columns.job.set(at, row.job);
    else columns.mode.set(at, row.mode);
    if (row.size !== 0) columns.size.set(at, row.size);
    if (row.depth !== 0) columns.depth.set(at, row.depth);
  } else if (row.kind === LOG) {
    columns.level.set(at, row.level);
    columns.channel.set(at, row.channel - 1);
    columns.arg0.set(at, row.arg0);
    columns.arg1.set(at, tables.get(row.arg1)!);
  }
}
