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
import { startArchiver } from "./archiver.ts";

await runMain("archive", { ...PROCESS_SETTINGS, ...BUS_SETTINGS, ...STORE_SETTINGS }, async (config) => {
  const log = createLog(config.logLevel, { service: "archive" });
  const metrics = createMetrics({ process: true });
  const store = await openStore(config.store);
  const bus = await openJetStreamBus({ ...config, name: "wayward-archive" });
  for (const warning of bus.facts.warnings) log.warn(warning);
  const { partitions } = config;
  const archiver = await startArchiver({ bus, store, partitions, warn: (message) => log.warn(message) });
  const serving = await serve({ ...config, parts: [archiver], log, metrics });
  log.info("ready", { address: serving.address, http: serving.httpAddress, bus: bus.facts.name, store: store.name });
  return {
    stop: async () => {
      await serving.stop();
      await bus.close();
      await store.close();
    },
  };
});
