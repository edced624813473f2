import { openJetStreamBus } from "@wayward/bus";
import { BUS_SETTINGS, runMain, storeSettings, watchBus } from "@wayward/service-kit";
import { openStore, parseStoreUrl, readLayout } from "@wayward/store";
import { startQuery } from "./start.ts";

await runMain("query", { ...BUS_SETTINGS, ...storeSettings(parseStoreUrl) }, async ({ config, log, metrics, open }) => {
  const { partitions } = config;
  const store = await open(openStore(config.store));
  await readLayout(store, partitions);
  const bus = await open(openJetStreamBus({ ...config, name: "wayward-query" }));
  for (const warning of bus.facts.warnings) log.warn(warning);
  return {
    parts: [watchBus(bus, { log, metrics, usage: false }), startQuery({ bus, store, partitions, log, metrics })],
    facts: { bus: bus.facts.name, store: store.name },
  };
});
