import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import {
  jobEnqueue,
  jobFinish,
  jobStart,
  lockAcquired,
  lockReleased,
  logMessage,
  memoryAlloc,
  memoryFree,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";
import { PARQUET } from "./dataset.ts";
import { openDuck, type Rows, registerRows } from "./duck.ts";
import { type Bench, ownCpuSeconds } from "./figure.ts";
import { MIX_NAMES } from "./mix.ts";
import { Batch, type Row } from "./peers/gen/rows.ts";
import { MIX_KINDS, RECORD_COLUMNS, RecordColumns } from "./records.ts";
import { type Calls, LOCKS, TURN_RECORDS, Turns } from "./turns.ts";
import { wholePipeline } from "./whole.ts";

/** Rows of one message: more of them gain nothing. */
const BATCH = 8192;
const BEGIN = MIX_KINDS.indexOf(zoneBegin);
const END = MIX_KINDS.indexOf(zoneEnd);
const ACQUIRED = MIX_KINDS.indexOf(lockAcquired);
const RELEASED = MIX_KINDS.indexOf(lockReleased);
const LOG = MIX_KINDS.indexOf(logMessage);
const ALLOC = MIX_KINDS.indexOf(memoryAlloc);
const FREE = MIX_KINDS.indexOf(memoryFree);
const ENQUEUE = MIX_KINDS.indexOf(jobEnqueue);
const START = MIX_KINDS.indexOf(jobStart);
const FINISH = MIX_KINDS.indexOf(jobFinish);
/** Numbers of names and objects; 0 is none. */
const NAMES = new Map([...MIX_NAMES.zones, ...MIX_NAMES.formats].map((name, place) => [name, place + 1]));
const HEAP = LOCKS.length + 1;
const QUEUE = LOCKS.length + 2;
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
      const agent = new RowAgent();
      const before = ownCpuSeconds();
      batches = [];
      let made = 0;
      for (; made < most; made += BATCH) batches.push(agent.batch());
      const path = join(folder, "rows.parquet");
      await duck.connection.run(`COPY (SELECT * FROM received()) TO '${path}' (${PARQUET})`);
      return ((ownCpuSeconds() - before) * 1e9) / agent.records;
    };
    await run(records / 4);
    return await run(records);
  } finally {
    duck.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an agent of that kind does: reads the clock, makes a message for each record, sends many in one packet. */
class RowAgent implements Calls {
  records = 0;
  readonly #turns = new Turns(this);
  #turn = 0;
  #lane = 0;
  #rows: Row[] = [];
  #start = 0;
  #last = 0;

  batch(): Buffer {
    this.#rows = [];
    this.#start = this.#last = Number(process.hrtime.bigint());
    while (this.#rows.length < BATCH) this.#turns.run(this.#turn++);
    this.records += this.#rows.length;
    const message = { session: 1, start: this.#start, rows: this.#rows };
    return zstdCompressSync(Batch.encode(message).finish(), COMPRESSION);
  }

  lane(index: number, work: () => void): void {
    this.#lane = index;
    work();
  }

  zone(name: string, work: () => void): void {
    this.#row(BEGIN).name = NAMES.get(name)!;
    work();
    this.#row(END);
  }

  acquired(lock: number): void {
    this.#row(ACQUIRED).object = lock + 1;
  }

  released(lock: number): void {
    this.#row(RELEASED).object = lock + 1;
  }

  log(format: string, count: number, table: string): void {
    const row = this.#row(LOG);
    row.name = NAMES.get(format)!;
    row.level = 2;
    row.channel = 1;
    row.arg0 = count;
    row.arg1 = table;
  }

  alloc(address: number, size: number): void {
    const row = this.#row(ALLOC);
    row.object = HEAP;
    row.address = address;
    row.size = size;
  }

  free(address: number): void {
    const row = this.#row(FREE);
    row.object = HEAP;
    row.address = address;
  }

  enqueue(job: number, depth: number): void {
    const row = this.#row(ENQUEUE);
    row.object = QUEUE;
    row.job = job;
    row.depth = depth;
  }

  start(job: number): void {
    const row = this.#row(START);
    row.object = QUEUE;
    row.job = job;
  }

  finish(job: number): void {
    const row = this.#row(FINISH);
    row.object = QUEUE;
    row.job = job;
  }

  #row(kind: number): Row {
    const time = Number(process.hrtime.bigint());
    const row: Row = {
      delta: time - this.#last,
      lane: this.#lane,
      kind,
      name: 0,
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
    this.#rows.push(row);
    return row;
  }
}

/** What an archiver of that kind does: messages into columns. */
function* decoded(batches: readonly Buffer[]): Generator<Rows> {
  const columns = new RecordColumns(BATCH + TURN_RECORDS);
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
