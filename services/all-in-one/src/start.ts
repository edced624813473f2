import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startArchiver } from "@wayward/archive";
import { openEmbeddedBus } from "@wayward/bus";
import { startIngest } from "@wayward/ingest";
import { startQuery } from "@wayward/query";
import { createMetrics, type Log, type Serving, serve, watchBus } from "@wayward/service-kit";
import { openStore } from "@wayward/store";
import { startStream } from "@wayward/stream";

export interface AllInOneOptions {
  /** Folder of bus and archive; made if it is not there. */
  readonly data: string;
  readonly host: string;
  /** gRPC and HTTP; 0 takes a free one. */
  readonly port: number;
  readonly httpPort: number;
  /** Bytes of archive above which the oldest ended sessions go; 0 for no limit. */
  readonly keepBytes: number;
  readonly log: Log;
}

/** One process and one disk: more partitions would only make smaller chunks. */
const PARTITIONS = 4;

/** Ingest, archive, query and stream as one process on its own disk, with no other server. */
export async function startAllInOne(options: AllInOneOptions): Promise<Serving> {
  const { data, host, port, httpPort, keepBytes, log } = options;
  const metrics = createMetrics({ process: true });
  const bus = openEmbeddedBus({ path: join(data, "bus.sqlite"), partitions: PARTITIONS });
  const store = await openStore(pathToFileURL(join(data, "store")).href).catch(async (error: unknown) => {
    await bus.close();
    throw error;
  });
  const common = { bus, store, partitions: PARTITIONS, log, metrics };
  // Known once it serves; the first block comes later.
  let address = "";
  const analysis = { ingest: () => address, spool: join(data, "analysis") };
  const close = async () => {
    await bus.close();
    await store.close();
  };
  try {
    const archive = await startArchiver({ ...common, keepBytes });
    const parts = [
      watchBus(bus, { log, metrics, usage: true }),
      startIngest({ bus, log, metrics }),
      startQuery(common),
      startStream({ ...common, analysis }),
      archive,
    ];
    const serving = await serve({ host, port, httpPort, parts, log, metrics });
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
