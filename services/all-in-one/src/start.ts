import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkBelongs, startArchiver } from "@wayward/archive";
import { openEmbeddedBus } from "@wayward/bus";
import { startIngest } from "@wayward/ingest";
import { startQuery } from "@wayward/query";
import {
  createMetrics,
  type DoorFiles,
  type Log,
  openDoors,
  type Serving,
  serve,
  tellServed,
  Unended,
  watchBus,
  watchDisk,
} from "@wayward/service-kit";
import { openStore } from "@wayward/store";
import { startStream } from "@wayward/stream";
import { serveWithin, type Within } from "./within.ts";

export interface AllInOneOptions {
  /** Folder of bus and archive; made if it is not there. */
  readonly data: string;
  readonly host: string;
  /** gRPC and HTTP; 0 takes a free one. */
  readonly port: number;
  readonly httpPort: number;
  /** Bytes of archive above which the oldest ended sessions go; 0 for no limit. */
  readonly keepBytes: number;
  /** Keys and certificates; none: everyone, in plain text. */
  readonly doors?: DoorFiles;
  readonly log: Log;
}

/** One process and one disk: more partitions would only make smaller chunks. */
const PARTITIONS = 4;

/** Ingest, archive, query and stream as one process on its own disk, with no other server. */
export async function startAllInOne(options: AllInOneOptions): Promise<Serving> {
  const { data, host, port, httpPort, keepBytes, log } = options;
  const metrics = createMetrics({ process: true });
  tellServed(metrics);
  const doors = openDoors(options.doors ?? {}, host, { log, metrics });
  const bus = openEmbeddedBus({ path: join(data, "bus.sqlite"), partitions: PARTITIONS });
  const store = await openStore(pathToFileURL(join(data, "store")).href).catch(async (error: unknown) => {
    doors.close();
    await bus.close();
    throw error;
  });
  const common = { bus, store, partitions: PARTITIONS, log, metrics };
  // Known once it serves; the first block comes later.
  let address = "";
  let within: Within | undefined;
  const unended = new Unended();
  const close = async () => {
    if (within !== undefined) await unended.settle("listener of the live analyses", within.stop());
    await unended.settle("bus", bus.close());
    await unended.settle("store", store.close());
    doors.close();
  };
  try {
    await checkBelongs(store, bus);
    const ingest = startIngest({ bus, log, metrics });
    if (doors.keys !== undefined || doors.certificates !== undefined) within = await serveWithin(ingest, log);
    const access = within?.access ?? {};
    const analysis = { ingest: () => within?.address ?? address, access, spool: join(data, "analysis") };
    const archive = await startArchiver({ ...common, keepBytes });
    const parts = [
      watchBus(bus, { log, metrics, usage: true }),
      watchDisk(data, metrics),
      ingest,
      startQuery(common),
      startStream({ ...common, analysis }),
      archive,
    ];
    const serving = await serve({ host, port, httpPort, parts, doors, log, metrics, unended });
    address = serving.address;
    const stop = async () => {
      await serving.stop();
      await close();
    };
    return { ...serving, stop };
  } catch (error) {
    await close();
    throw error;
  }
}
