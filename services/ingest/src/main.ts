import { openJetStreamBus } from "@wayward/bus";
import { BUS_SETTINGS, runMain, watchBus } from "@wayward/service-kit";
import { startIngest } from "./start.ts";

await runMain("ingest", BUS_SETTINGS, async ({ config, log, metrics, open }) => {
  const bus = await open(openJetStreamBus({ ...config, name: "wayward-ingest" }));
  for (const warning of bus.facts.warnings) log.warn(warning);
  return {
    parts: [watchBus(bus, { log, metrics, usage: true }), startIngest({ bus, log, metrics })],
    facts: { bus: bus.facts.name },
  };
});
