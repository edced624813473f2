import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openJetStreamBus } from "@wayward/bus";
import { freePort, type NatsServer, PushStream, startNats } from "@wayward/testing";
import { Started } from "../samples/cluster/process.ts";
import { drained } from "./dataset.ts";
import { cpuSeconds, ownCpuSeconds } from "./figure.ts";
import { Mix } from "./mix.ts";

const PARTITIONS = 4;
const SESSIONS = 8;
const RECORDS_A_BLOCK = 25_000;
/** Blocks unanswered at a time. */
const WINDOW = 64;

/** CPU nanoseconds a record that each process took. */
export interface Shares {
  /** Making and pushing blocks, here. */
  readonly program: number;
  readonly ingest: number;
  readonly nats: number;
  readonly archive: number;
}

/** From the program to the archive: blocks made and pushed here, the ingest and archive services on a folder store. */
export async function wholePipeline(records: number): Promise<Shares> {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  await using nats = await startNats({ syncAlways: false });
  const services: Started[] = [];
  try {
    const port = await freePort();
    const ingest = await startService("ingest", port, nats, folder);
    services.push(ingest);
    const archive = await startService("archive", await freePort(), nats, folder);
    services.push(archive);
    const bus = await openJetStreamBus({ servers: nats.url, partitions: PARTITIONS, maxBytes: 512 * 1024 ** 2 });
    const pusher = new PushStream(`127.0.0.1:${port}`);
    const mixes = Array.from({ length: SESSIONS }, (_, seed) => new Mix(seed));
    const cpuNow = async () => ({
      program: ownCpuSeconds(),
      ingest: await cpuSeconds(ingest.child.pid ?? 0),
      nats: await cpuSeconds(nats.pid),
      archive: await cpuSeconds(archive.child.pid ?? 0),
    });
    await makeAndPush(mixes, pusher, records / 4);
    await drained(bus);
    const before = await cpuNow();
    const made = await makeAndPush(mixes, pusher, records);
    await drained(bus);
    const after = await cpuNow();
    pusher.close();
    await bus.close();
    const each = (name: keyof Shares) => ((after[name] - before[name]) * 1e9) / made;
    return { program: each("program"), ingest: each("ingest"), nats: each("nats"), archive: each("archive") };
  } finally {
    await Promise.all(services.map((service) => service.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startService(name: string, port: number, nats: NatsServer, folder: string): Promise<Started> {
  const service = new Started(process.execPath, [`services/${name}/src/main.ts`], {
    WAYWARD_NATS: nats.url,
    WAYWARD_NATS_MONITOR: nats.monitorUrl,
    WAYWARD_BUS_BYTES: "512MiB",
    WAYWARD_STORE: pathToFileURL(join(folder, "store")).href,
    WAYWARD_PORT: String(port),
    WAYWARD_HTTP_PORT: String(await freePort()),
  });
  await service.says(/"message":"ready"/, 20_000);
  return service;
}

/** Makes each block when there is room for it, as a program does; tells how many records were accepted. */
async function makeAndPush(mixes: readonly Mix[], pusher: PushStream, records: number): Promise<number> {
  let made = 0;
  let turn = 0;
  const lane = async () => {
    while (made < records) {
      const block = mixes[turn++ % mixes.length]!.block(RECORDS_A_BLOCK);
      made += block.records;
      const { accepted, text } = await pusher.push(block.bytes);
      if (!accepted) throw new Error(`ingest answered ${text}`);
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, lane));
  return made;
}
