import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { delay } from "@wayward/base";
import { openJetStreamBus, partitionOf } from "@wayward/bus";
import { sessionText } from "@wayward/record";
import { PushStream, startNats } from "@wayward/testing";
import { Cluster } from "../samples/cluster/services.ts";
import { type Bench, type Figure, residentMb } from "./figure.ts";
import type { ObserverTask, SeenTimes } from "./live-observer.ts";
import { Mix } from "./mix.ts";

/** Blocks unanswered at a time, on both sides. */
const WINDOW = 64;
const PARTITIONS = 4;
const SESSIONS = 8;
/** Every session makes a block so often, as agents do. */
const FLUSH_MS = 50;
const RECORDS_A_SECOND = 1_000_000;
/** Seconds that do not count: code is compiled, connections grow. */
const WARM_S = 4;

interface Made {
  readonly key: string;
  readonly session: Uint8Array;
  readonly bytes: Buffer;
  /** When it is made, in milliseconds from the begin. */
  readonly dueMs: number;
}

/** Blocks of all sessions with the times at which they are made: each session has its own phase, each flush is late at random. */
function makeLoad(seconds: number): Made[] {
  const perBlock = (RECORDS_A_SECOND * FLUSH_MS) / 1000 / SESSIONS;
  let seed = 12_345;
  const random = (most: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return ((seed >>> 8) / 0x800000) * most;
  };
  const blocks = Array.from({ length: SESSIONS }, (_, number) => {
    const mix = new Mix(number);
    const phase = random(FLUSH_MS);
    return Array.from({ length: (seconds * 1000) / FLUSH_MS }, (_, seq) => ({
      key: `${sessionText(mix.session)}/${seq}`,
      session: mix.session,
      bytes: mix.block(perBlock).bytes,
      dueMs: phase + seq * FLUSH_MS + random(FLUSH_MS / 10),
    }));
  });
  return blocks.flat().sort((a, b) => a.dueMs - b.dueMs);
}

const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/** When each block was made and when it was acknowledged, by key. */
interface Sent {
  readonly made: ReadonlyMap<string, number>;
  readonly acked: ReadonlyMap<string, number>;
}

/** Hands over each block when it is made, with at most WINDOW unanswered; waiting for the window counts. */
async function send(load: readonly Made[], push: (made: Made) => Promise<unknown>): Promise<Sent> {
  const made = new Map<string, number>();
  const acked = new Map<string, number>();
  const begun = nowMs();
  let next = 0;
  const lane = async () => {
    for (let block = load[next++]; block !== undefined; block = load[next++]) {
      const early = block.dueMs - (nowMs() - begun);
      if (early > 0) await delay(Math.ceil(early));
      made.set(block.key, early > 0 ? nowMs() : begun + block.dueMs);
      await push(block);
      acked.set(block.key, nowMs());
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, lane));
  return { made, acked };
}

/** Runs `work` while a thread of its own watches; tells what that has seen once all is there or 5 s have passed. */
async function watched<T>(task: ObserverTask, blocks: number, work: () => Promise<T>) {
  const observer = new Worker(new URL("./live-observer.ts", import.meta.url), { workerData: task });
  try {
    await untilLive(observer);
    const done = await work();
    for (let tries = 0; ; tries++) {
      observer.postMessage("tell");
      const [{ seen, gaps }] = (await once(observer, "message")) as [{ seen: SeenTimes; gaps: readonly string[] }];
      if (seen.size >= blocks || tries === 25) return { done, seen, gaps };
      await delay(200);
    }
  } finally {
    await observer.terminate();
  }
}

async function untilLive(observer: Worker): Promise<void> {
  const [first] = (await once(observer, "message")) as [unknown];
  if (first !== "live") throw first;
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

function latency(values: readonly number[]): Latency {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Blocks that count. */
const counted = (load: readonly Made[]) => load.filter(({ dueMs }) => dueMs >= WARM_S * 1000);

/** Acknowledged publish + core delivery, each measured on the same messages at the same time. */
async function raw(load: readonly Made[], syncAlways: boolean) {
  await using nats = await startNats({ syncAlways });
  const { url: servers, monitorUrl } = nats;
  const bus = await openJetStreamBus({ servers, monitorUrl, partitions: PARTITIONS, maxBytes: 512 * 1024 ** 2 });
  const { done, seen } = await watched({ listen: servers, partitions: PARTITIONS }, load.length, () =>
    send(load, ({ session, bytes }) =>
      bus.publish(partitionOf(session, PARTITIONS), { tenant: "default", session: sessionText(session) }, bytes),
    ),
  );
  await bus.close();
  const keys = counted(load).map(({ key }) => key);
  const [made, acked, heard] = [done.made, done.acked, seen].map((times) => (key: string) => times.get(key)!);
  return {
    both: latency(keys.map((key) => acked!(key) + heard!(key) - 2 * made!(key))),
    acknowledged: latency(keys.map((key) => acked!(key) - made!(key))),
    delivered: latency(keys.map((key) => heard!(key) - made!(key))),
  };
}

/** Block made to observer, through ingest, bus and stream, with the archiver at work. */
async function observed(load: readonly Made[], syncAlways: boolean) {
  const cluster = await Cluster.start({ syncAlways });
  try {
    const pusher = new PushStream(cluster.clientEnv.WAYWARD_INGEST);
    const task = { observe: cluster.clientEnv.WAYWARD_STREAM, partitions: PARTITIONS };
    const { done, seen, gaps } = await watched(task, load.length, () =>
      send(load, async ({ bytes }) => {
        const { accepted, text } = await pusher.push(bytes);
        if (!accepted) throw new Error(`ingest answered ${text}`);
      }),
    );
    pusher.close();
    const missing = load.filter(({ key }) => !seen.has(key)).length;
    // An observer that could not keep up has no latency for what it was told to get later.
    if (missing > 0)
      process.stderr.write(`the observer fell behind by ${missing} blocks: ${gaps.slice(0, 2).join("; ")}\n`);
    const latencies = counted(load).map(({ key }) => (seen.get(key) ?? Number.POSITIVE_INFINITY) - done.made.get(key)!);
    const acks = counted(load).map(({ key }) => done.acked.get(key)! - done.made.get(key)!);
    return { ...latency(latencies), acknowledged: latency(acks), rss: await residentMb(cluster.pid("stream")) };
  } finally {
    await cluster.stop();
  }
}

/** P9: from the making of a block to its observer, against acknowledged publish + core delivery of the same messages. */
export const live: Bench = async ({ quick }) => {
  const load = makeLoad(WARM_S + (quick ? 4 : 20));
  const size = load.reduce((sum, { bytes }) => sum + bytes.length, 0) / load.length / 1024;
  const what = `1 M records/s, ${load.length} blocks of ${size.toFixed(0)} KiB`;
  const ms = ({ p50, p99 }: Latency) => `${p50.toFixed(2)}/${p99.toFixed(1)} ms`;
  const figures: Figure[] = [];
  for (const syncAlways of [false, true]) {
    const plain = await raw(load, syncAlways);
    const ours = await observed(load, syncAlways);
    const parts = `ack ${ms(plain.acknowledged)} + core ${ms(plain.delivered)}`;
    const label = `${syncAlways ? "sync always" : "default sync"}: ${ms(ours)} (ack ${ms(ours.acknowledged)}) against ${ms(plain.both)} = ${parts}; ${what}`;
    const shown = { unit: "×", op: "<=" as const };
    if (syncAlways) {
      const value = ours.p99 / plain.both.p99;
      figures.push({ id: "P9c", what: `block made → observer, p99, ${label}`, value, ...shown, must: 2.0, aim: 1.6 });
      continue;
    }
    const value = ours.p50 / plain.both.p50;
    figures.push({ id: "P9a", what: `block made → observer, p50, ${label}`, value, ...shown, must: 1.8, aim: 1.5 });
    const p99 = `block made → observer, p99, default sync, RSS of stream ${ours.rss.toFixed(0)} MB`;
    figures.push({ id: "P9b", what: p99, value: ours.p99, unit: "ms", op: "<=", must: 15, aim: 10 });
  }
  return figures;
};
