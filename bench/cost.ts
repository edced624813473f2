import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay } from "@wayward/base";
import { openStore } from "@wayward/store";
import { Cluster } from "../samples/cluster/services.ts";
import { type Bench, cpuSeconds, type Figure } from "./figure.ts";
import { Program } from "./program.ts";
import { TURN_RECORDS } from "./turns.ts";

/** List prices of AWS, us-east-1, without discounts, in dollars: docs/operate/sizing.md names them too. */
const PRICE = {
  /** c7g.large is 0.0725 an hour for two. */
  processorHour: 0.03625,
  /** S3 Standard. */
  storeGigabyteMonth: 0.023,
  put: 0.005 / 1000,
  get: 0.0004 / 1000,
  /** gp3, for the bus. */
  diskGigabyteMonth: 0.08,
} as const;

/** How long a trickle of records is watched: chunks go by time then, six a minute and partition. */
const TRICKLE_MS = 30_000;
/** A program that does little: some records in each of the agent's blocks. */
const TRICKLE_TURNS = 50;

/** What was used up to a moment, by the whole cluster. */
interface Used {
  readonly program: number;
  readonly ingest: number;
  readonly nats: number;
  readonly archive: number;
  /** Bytes that NATS has caused to be written to its disk. */
  readonly busDisk: number;
  /** Bytes of the blocks that ingest has accepted. */
  readonly blocks: number;
  /** Bytes of all objects. */
  readonly stored: number;
  /** Requests that write or list, and those that read: they have two prices. */
  readonly puts: number;
  readonly gets: number;
}

/** Of a log's line: the operation, the key or "-", and the path with what is asked. */
const REQUEST = /\bs3_(\w+) (\S+) (\S+)/g;
/** Below it is what services store; the listing and the self-test of `storedBytes` are above. */
const OURS = /prefix=v1(?:%2F|\/)t(?:%2F|\/)\w/;

/** Requests of the services in versitygw's log, which has the form of S3's own. */
async function requestsOf(log: string): Promise<Pick<Used, "puts" | "gets">> {
  const made = [...(await readFile(log, "utf8")).matchAll(REQUEST)]
    .filter(([, , key = "", path = ""]) => key.startsWith("v1/t/") || OURS.test(path))
    .map(([, operation = ""]) => operation);
  // A deletion costs nothing.
  const gets = made.filter((operation) => /^(Get|Head)/.test(operation)).length;
  return { gets, puts: made.filter((operation) => !/^(Get|Head|Delete)/.test(operation)).length };
}

async function storedBytes(cluster: Cluster): Promise<number> {
  Object.assign(process.env, cluster.s3.env);
  const store = await openStore(cluster.s3.storeUrl);
  let sum = 0;
  for await (const { bytes } of store.list("v1/t/")) sum += bytes;
  await store.close();
  return sum;
}

async function used(cluster: Cluster, program: Program, log: string): Promise<Used> {
  const io = await readFile(`/proc/${cluster.nats.pid}/io`, "utf8");
  const accepted = /^wayward_ingest_accepted_bytes_total (\S+)$/m.exec(await cluster.metrics("ingest"));
  return {
    program: (await program.ask<number>("cpu")) / 1e6,
    ingest: await cpuSeconds(cluster.pid("ingest")),
    nats: await cpuSeconds(cluster.nats.pid),
    archive: await cpuSeconds(cluster.pid("archive")),
    busDisk: Number(/write_bytes: (\d+)/.exec(io)?.[1]),
    blocks: Number(accepted?.[1] ?? 0),
    ...(await requestsOf(log)),
    stored: await storedBytes(cluster),
  };
}

function less(after: Used, before: Used): Used {
  const names = Object.keys(after) as (keyof Used)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as Used;
}

/** C: what a million records cost, from a program's calls to the archive on S3, on a bus that syncs every write. */
export const cost: Bench = async ({ quick }) => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const log = join(folder, "s3.log");
  const cluster = await Cluster.start({ syncAlways: true, accessLog: log });
  const { program } = await Program.start("mixed", join(folder, "spool"), cluster.clientEnv.WAYWARD_INGEST);
  try {
    const records = quick ? 8_000_000 : 30_000_000;
    const deliver = async (count: number) => {
      await program.ask(Math.ceil(count / TURN_RECORDS));
      await cluster.archived();
    };
    await deliver(records / 4);
    const before = await used(cluster, program, log);
    await deliver(records);
    const after = await used(cluster, program, log);
    const of = less(after, before);
    for (const until = Date.now() + TRICKLE_MS; Date.now() < until; ) {
      await program.ask(TRICKLE_TURNS);
      await delay(200);
    }
    const trickle = less(await used(cluster, program, log), after);
    return [...perMillion(of, records / 1e6), ...perMonth(trickle, TRICKLE_MS)];
  } finally {
    await program.stop();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

function shown(id: string, what: string, value: number, unit: string): Figure {
  return { id, what, value, unit, op: "<=", must: undefined, aim: undefined };
}

function perMillion(of: Used, millions: number): Figure[] {
  const each = (value: number) => value / millions;
  const processors = of.ingest + of.nats + of.archive;
  const cpuDollars = (processors / 3600) * PRICE.processorHour;
  const requestDollars = of.puts * PRICE.put + of.gets * PRICE.get;
  const monthDollars = (of.stored / 1e9) * PRICE.storeGigabyteMonth;
  return [
    shown("C1", "CPU of the program for recording and pushing, a million records", each(of.program), "s"),
    shown("C2", "CPU of ingest, a million records", each(of.ingest), "s"),
    shown("C3", "CPU of NATS, one copy that syncs every write, a million records", each(of.nats), "s"),
    shown("C4", "CPU of archive, a million records", each(of.archive), "s"),
    shown("C5", "bytes of blocks a record", of.blocks / (millions * 1e6), "B"),
    shown("C6", "bytes that NATS writes to disk a record, one copy", of.busDisk / (millions * 1e6), "B"),
    shown("C7", "bytes stored on S3 a record", of.stored / (millions * 1e6), "B"),
    shown("C8", "S3 requests that write or list, a million records at full load", each(of.puts), ""),
    shown("C9", "S3 requests that read, a million records at full load", each(of.gets), ""),
    shown("C10", "CPU of the backend, dollars a thousand million records", each(cpuDollars) * 1000, "$"),
    shown("C11", "S3 requests, dollars a thousand million records", each(requestDollars) * 1000, "$"),
    shown("C12", "S3 storage, dollars a month and thousand million records", each(monthDollars) * 1000, "$"),
  ];
}

/** Few records at any rate: chunks go every 10 s. */
function perMonth(trickle: Used, ms: number): Figure[] {
  const months = (30 * 24 * 3600 * 1000) / ms;
  const dollars = (trickle.puts * PRICE.put + trickle.gets * PRICE.get) * months;
  const disk = PRICE.diskGigabyteMonth;
  return [
    shown("C13", "S3 requests that write or list, a minute, one small session", trickle.puts / (ms / 60_000), ""),
    shown("C14", "S3 requests that read, a minute, one small session", trickle.gets / (ms / 60_000), ""),
    shown("C15", "S3 requests, dollars a month for each partition that always has something", dollars, "$"),
    shown("C16", "disk of the bus, dollars a month for each GiB set aside and copy", disk * (1024 ** 3 / 1e9), "$"),
  ];
}
