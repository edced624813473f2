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

/**
 * CPU nanoseconds a record from the program to the archive: making and
 * pushing blocks here, the ingest and archive services on a folder store, and
 * nats-server.
 */
export async function wholePipeline(records: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  await using nats = await startNats({ syncAlways: false });
  const services: Started[] = [];
  try {
    const port = await freePort();
    services.push(await startService("ingest", port, nats, folder));
    services.push(await startService("archive", await freePort(), nats, folder));
    const bus = await openJetStreamBus({ servers: nats.url, partitions: PARTITIONS, maxBytes: 512 * 1024 ** 2 });
    const pusher = new PushStream(`127.0.0.1:${port}`);
    const mixes = Array.from({ length: SESSIONS }, (_, seed) => new Mix(seed));
    const pids = [nats.pid, ...services.map(({ child }) => child.pid ?? 0)];
    const cpuNow = async () =>
      (await Promise.all(pids.map(cpuSeconds))).reduce((sum, seconds) => sum + seconds, ownCpuSeconds());
    await makeAndPush(mixes, pusher, records / 4);
    await drained(bus);
    const before = await cpuNow();
    const made = await makeAndPush(mixes, pusher, records);
    await drained(bus);
    const cpu = (await cpuNow()) - before;
    pusher.close();
    await bus.close();
    return (cpu * 1e9) / made;
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
