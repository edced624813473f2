import { openJetStreamBus } from "@wayward/bus";
import { BUS_SETTINGS, createLog, createMetrics, PROCESS_SETTINGS, runMain, serve } from "@wayward/service-kit";
import { startIngest } from "./start.ts";

await runMain("ingest", { ...PROCESS_SETTINGS, ...BUS_SETTINGS }, async (config) => {
  const log = createLog(config.logLevel, { service: "ingest" });
  const metrics = createMetrics({ process: true });
  const bus = await openJetStreamBus({ ...config, name: "wayward-ingest" });
  for (const warning of bus.facts.warnings) log.warn(warning);
  const parts = [startIngest({ bus, log, metrics })];
  const serving = await serve({ ...config, parts, log, metrics });
  log.info("ready", { address: serving.address, http: serving.httpAddress, bus: bus.facts.name });
  return {
    stop: async () => {
      await serving.stop();
      await bus.close();
    },
  };
});
