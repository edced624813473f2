import { openJetStreamBus } from "@wayward/bus";
import {
  BUS_SETTINGS,
  createLog,
  createMetrics,
  PROCESS_SETTINGS,
  runMain,
  serve,
  storeSettings,
} from "@wayward/service-kit";
import { openStore, parseStoreUrl } from "@wayward/store";
import { startStream } from "./start.ts";

await runMain("stream", { ...PROCESS_SETTINGS, ...BUS_SETTINGS, ...storeSettings(parseStoreUrl) }, async (config) => {
  const log = createLog(config.logLevel, { service: "stream" });
  const metrics = createMetrics({ process: true });
  const store = await openStore(config.store);
  const bus = await openJetStreamBus({ ...config, name: "wayward-stream" });
  for (const warning of bus.facts.warnings) log.warn(warning);
  const parts = [startStream({ bus, store, partitions: config.partitions, log, metrics })];
  const serving = await serve({ ...config, parts, log, metrics });
  log.info("ready", { address: serving.address, http: serving.httpAddress, bus: bus.facts.name, store: store.name });
  return {
    stop: async () => {
      await serving.stop();
      await bus.close();
      await store.close();
    },
  };
});
