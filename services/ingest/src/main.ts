import { openJetStreamBus } from "@wayward/bus";
import { runMain, watchBus } from "@wayward/service-kit";
import { INGEST_SETTINGS } from "./settings.ts";
import { startIngest } from "./start.ts";

await runMain("ingest", INGEST_SETTINGS, async ({ config, log, metrics, open }) => {
  const bus = await open(openJetStreamBus({ ...config, name: "wayward-ingest" }));
  for (const warning of bus.facts.warnings) log.warn(warning);
  const pushAgeMs = config.pushAgeSeconds * 1000;
  return {
    parts: [watchBus(bus, { log, metrics, usage: true }), startIngest({ bus, log, metrics, pushAgeMs })],
    facts: { bus: bus.facts.name },
  };
});
