import { openJetStreamBus } from "@wayward/bus";
import {
  BUS_SETTINGS,
  createLog,
  createMetrics,
  PROCESS_SETTINGS,
  runMain,
  STORE_SETTINGS,
  serve,
} from "@wayward/service-kit";
import { openStore } from "@wayward/store";
import { ANALYSIS_SETTINGS } from "./settings.ts";
import { startStream } from "./start.ts";

await runMain(
  "stream",
  { ...PROCESS_SETTINGS, ...BUS_SETTINGS, ...STORE_SETTINGS, ...ANALYSIS_SETTINGS },
  async (config) => {
    const log = createLog(config.logLevel, { service: "stream" });
    const metrics = createMetrics({ process: true });
    const store = await openStore(config.store);
    const bus = await openJetStreamBus({ ...config, name: "wayward-stream" });
    for (const warning of bus.facts.warnings) log.warn(warning);
    const analysis = config.ingest === "" ? undefined : { ingest: () => config.ingest, spool: config.analysisSpool };
    if (analysis === undefined) log.info("running sessions are not analysed: WAYWARD_INGEST is not set");
    const parts = [startStream({ bus, store, partitions: config.partitions, log, metrics, analysis })];
    const serving = await serve({ ...config, parts, log, metrics });
    log.info("ready", { address: serving.address, http: serving.httpAddress, bus: bus.facts.name, store: store.name });
    return {
      stop: async () => {
        await serving.stop();
        await bus.close();
        await store.close();
      },
    };
  },
);
