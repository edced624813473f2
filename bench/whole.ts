import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openJetStreamBus } from "@wayward/bus";
import { freePort, type NatsServer, startNats } from "@wayward/testing";
import { Started } from "../samples/cluster/process.ts";
import { drained } from "./dataset.ts";
import { cpuSeconds } from "./figure.ts";
import { Program } from "./program.ts";
import { TURN_RECORDS } from "./turns.ts";

const PARTITIONS = 4;

/** CPU nanoseconds a record that each process took. */
export interface Shares {
  /** The program with its agent and pusher. */
  readonly program: number;
  readonly ingest: number;
  readonly nats: number;
  readonly archive: number;
}

/** From a program's calls to the archive: its agent with its own pusher, the ingest and archive services on a folder store. */
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
    const started = await Program.start("mixed", join(folder, "spool"), `127.0.0.1:${port}`);
    await using program = started.program;
    const cpuNow = async () => ({
      program: (await program.ask<number>("cpu")) / 1e6,
      ingest: await cpuSeconds(ingest.child.pid ?? 0),
      nats: await cpuSeconds(nats.pid),
      archive: await cpuSeconds(archive.child.pid ?? 0),
    });
    const deliver = async (turns: number) => {
      await program.ask(turns);
      await drained(bus);
    };
    const turns = Math.ceil(records / TURN_RECORDS);
    await deliver(Math.ceil(turns / 4));
    const before = await cpuNow();
    await deliver(turns);
    const after = await cpuNow();
    await bus.close();
    const each = (name: keyof Shares) => ((after[name] - before[name]) * 1e9) / (turns * TURN_RECORDS);
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
