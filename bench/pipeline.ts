import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, openJetStreamBus, partitionOf } from "@wayward/bus";
import { sessionText } from "@wayward/record";
import { PushStream, startNats } from "@wayward/testing";
import { Cluster, type ServiceName } from "../samples/cluster/services.ts";
import { type Bench, cpuSeconds, type Figure, median, ownCpuSeconds, residentMb } from "./figure.ts";
import { Mix } from "./mix.ts";
import { Program } from "./program.ts";

/** Blocks unanswered at a time, on both sides. */
const WINDOW = 64;
const PARTITIONS = 4;
const SESSIONS = 8;

interface Load {
  readonly blocks: readonly { readonly session: Uint8Array; readonly bytes: Buffer }[];
  readonly records: number;
  readonly bytes: number;
}

function makeLoad(records: number, perBlock: number, firstSeed: number): Load {
  const mixes = Array.from({ length: SESSIONS }, (_, seed) => new Mix(firstSeed + seed));
  const blocks: Load["blocks"][number][] = [];
  let made = 0;
  let bytes = 0;
  for (let turn = 0; made < records; turn++) {
    const mix = mixes[turn % SESSIONS]!;
    const block = mix.block(perBlock);
    blocks.push({ session: mix.session, bytes: block.bytes });
    made += block.records;
    bytes += block.bytes.length;
  }
  return { blocks, records: made, bytes };
}

/** Sends all with at most WINDOW unanswered; tells the seconds. */
async function sendAll(load: Load, send: (session: Uint8Array, bytes: Buffer) => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  let next = 0;
  const lane = async () => {
    for (let block = load.blocks[next++]; block !== undefined; block = load.blocks[next++])
      await send(block.session, block.bytes);
  };
  await Promise.all(Array.from({ length: WINDOW }, lane));
  return (performance.now() - begun) / 1000;
}

/** How often a load is sent: one takes half a second of the raw transport, in which a machine may have a slow moment. */
const ROUNDS = 5;

async function inRounds(send: () => Promise<number>): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) seconds.push(await send());
  return median(seconds);
}

/** The raw transport: published with the same window, and consumed once. `warm` goes first and does not count. Tells what a round takes. */
async function raw(warm: Load, load: Load, syncAlways: boolean) {
  await using nats = await startNats({ syncAlways });
  const bus = await openJetStreamBus({
    servers: nats.url,
    monitorUrl: nats.monitorUrl,
    partitions: PARTITIONS,
    maxBytes: 800 * 1024 ** 2,
  });
  const publish = (session: Uint8Array, bytes: Buffer) =>
    bus.publish(partitionOf(session, PARTITIONS), { tenant: "default", session: sessionText(session) }, bytes);
  await sendAll(warm, publish);
  await consume(bus);
  const before = ownCpuSeconds() + (await cpuSeconds(nats.pid));
  const seconds = await inRounds(async () => {
    const from = await nextOf(bus);
    const took = await sendAll(load, publish);
    await consume(bus, from);
    return took;
  });
  const cpu = (ownCpuSeconds() + (await cpuSeconds(nats.pid)) - before) / ROUNDS;
  await bus.close();
  return { seconds, cpu };
}

/** What the next message of each partition will be numbered. */
function nextOf(bus: Bus): Promise<bigint[]> {
  return Promise.all(
    Array.from({ length: PARTITIONS }, async (_, partition) => (await bus.bounds(partition)).last + 1n),
  );
}

async function consume(bus: Bus, from: readonly bigint[] = []): Promise<void> {
  const all = Array.from({ length: PARTITIONS }, async (_, partition) => {
    const bounds = await bus.bounds(partition);
    const { last } = bounds;
    const first = from[partition] ?? bounds.first;
    if (last < first) return;
    const stop = new AbortController();
    for await (const { busSeq } of bus.read(partition, first, stop.signal)) if (busSeq >= last) break;
    stop.abort();
  });
  await Promise.all(all);
}

/** Pushes a block that must be accepted. */
async function pushTo(pusher: PushStream, bytes: Buffer): Promise<void> {
  const { accepted, text } = await pusher.push(bytes);
  if (!accepted) throw new Error(`ingest answered ${text}`);
}

const BACKEND: readonly ServiceName[] = ["ingest", "archive"];

/** Services that take blocks from the bus while ingest puts them there. */
const CONSUMERS: readonly ServiceName[] = ["archive", "query", "stream"];

/**
 * The product: pushed to ingest, through the bus into the archive. Then pushed
 * once more with nobody behind the bus, as the raw transport's publishes have
 * nobody: `alone` are its seconds. All of it by the round.
 */
async function piped(warm: Load, load: Load, syncAlways: boolean) {
  const cluster = await Cluster.start({ syncAlways });
  try {
    const pids = [...BACKEND.map((name) => cluster.pid(name)), cluster.nats.pid];
    const cpuNow = async () => (await Promise.all(pids.map(cpuSeconds))).reduce((sum, value) => sum + value, 0);
    const pusher = new PushStream(cluster.clientEnv.WAYWARD_INGEST);
    await sendAll(warm, (_, bytes) => pushTo(pusher, bytes));
    await archived(cluster);
    const before = await cpuNow();
    const push = () => sendAll(load, (_, bytes) => pushTo(pusher, bytes));
    const seconds = await inRounds(push);
    const rss = await Promise.all(
      (["ingest", "archive", "query", "stream"] as const).map((name) => residentMb(cluster.pid(name))),
    );
    await archived(cluster);
    const cpu = ((await cpuNow()) - before) / ROUNDS;
    for (const name of CONSUMERS) await cluster.killService(name);
    const alone = await inRounds(push);
    pusher.close();
    return { seconds, alone, cpu, rss };
  } finally {
    await cluster.stop();
  }
}

/** Records of one event of bench/programs/mixed.ts. */
const TURN_RECORDS = 20;

/** P3a: records a CPU second of every process, from the calls of a program's agent to the archive. */
async function agentToArchive(records: number): Promise<number> {
  const spool = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const cluster = await Cluster.start({ syncAlways: false });
  try {
    const pids = [...BACKEND.map((name) => cluster.pid(name)), cluster.nats.pid];
    const { program } = await Program.start("mixed", spool, cluster.clientEnv.WAYWARD_INGEST);
    const cpuNow = async () => {
      const backend = await Promise.all(pids.map(cpuSeconds));
      return backend.reduce((sum, seconds) => sum + seconds, (await program.ask<number>("cpu")) / 1e6);
    };
    const deliver = async (count: number) => {
      await program.ask(Math.ceil(count / TURN_RECORDS));
      await archived(cluster);
    };
    await deliver(records / 4);
    const before = await cpuNow();
    await deliver(records);
    const rate = records / ((await cpuNow()) - before);
    await program.stop();
    return rate;
  } finally {
    await cluster.stop();
    rmSync(spool, { recursive: true, force: true });
  }
}

/** Waits until the bus has handed everything to the archive. */
async function archived(cluster: Cluster): Promise<void> {
  const bus = await openJetStreamBus({ servers: cluster.nats.url, partitions: PARTITIONS, maxBytes: 512 * 1024 ** 2 });
  for (let tries = 0; tries < 600; tries++) {
    const bounds = await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => bus.bounds(partition)));
    if (bounds.every(({ first, last }) => first > last)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await bus.close();
}

/** P1, P2, P3a and M: the whole way of the same blocks against the raw transport, for both sync settings. */
export const pipeline: Bench = async ({ quick }) => {
  const figures: Figure[] = [];
  // What services have compiled by then is what they run all day.
  const warm = makeLoad(10_000_000, 25_000, 0);
  const load = makeLoad(quick ? 4_000_000 : 30_000_000, 25_000, SESSIONS);
  const size = `${(load.bytes / load.blocks.length / 1024).toFixed(0)} KiB blocks, ${(load.bytes / load.records).toFixed(2)} B/record`;
  for (const syncAlways of [false, true]) {
    const plain = await raw(warm, load, syncAlways);
    const ours = await piped(warm, load, syncAlways);
    const [suffix, label] = syncAlways ? ["b", "sync always"] : ["a", "default sync"];
    const mbs = (seconds: number) => (load.bytes / 1e6 / seconds).toFixed(0);
    figures.push({
      id: `P1${suffix}`,
      what: `backend CPU per byte / raw JetStream (${label}; ${size})`,
      value: ours.cpu / plain.cpu,
      unit: "×",
      op: "<=",
      must: 2.4,
      aim: 1.8,
    });
    figures.push({
      id: `P2${suffix}`,
      what: `acknowledged ingest / raw publish (${label}; ${mbs(ours.alone)} of ${mbs(plain.seconds)} MB/s; ${mbs(ours.seconds)} with archive and stream at work beside)`,
      value: plain.seconds / ours.alone,
      unit: "×",
      op: ">=",
      must: 0.4,
      aim: 0.5,
    });
    if (syncAlways) continue;
    const rate = (await agentToArchive(quick ? 4_000_000 : 20_000_000)) / 1e6;
    const what = "from an agent's calls to the archive, M records per CPU second of all processes";
    figures.push({ id: "P3a", what, value: rate, unit: "M/s", op: ">=", must: 3.2, aim: 4.5 });
    for (const [at, [name, must]] of (
      [
        ["ingest", 256],
        ["archive", 512],
        ["query", 512],
        ["stream", 256],
      ] as const
    ).entries()) {
      figures.push({
        id: `M${at + 2}`,
        what: `RSS of ${name} under load`,
        value: ours.rss[at] ?? 0,
        unit: "MB",
        op: "<=",
        must,
        aim: must,
      });
    }
  }
  return figures;
};
