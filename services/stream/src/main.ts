import { openJetStreamBus } from "@wayward/bus";
import { BUS_SETTINGS, runMain, storeSettings, watchBus } from "@wayward/service-kit";
import { openStore, parseStoreUrl, readLayout } from "@wayward/store";
import { ANALYSIS_SETTINGS, analysisSpool } from "./settings.ts";
import { startStream } from "./start.ts";

await runMain(
  "stream",
  { ...BUS_SETTINGS, ...storeSettings(parseStoreUrl), ...ANALYSIS_SETTINGS },
  async ({ config, log, metrics, open }) => {
    const { partitions } = config;
    const store = await open(openStore(config.store));
    await readLayout(store, partitions);
    const bus = await open(openJetStreamBus({ ...config, name: "wayward-stream" }));
    for (const warning of bus.facts.warnings) log.warn(warning);
    const { ingest } = config;
    const access = {
      key: config.ingestKey,
      keyFile: config.ingestKeyFile,
      caFile: config.ingestCa,
      certFile: config.ingestCert,
      certKeyFile: config.ingestCertKey,
    };
    const analysis =
      ingest === ""
        ? undefined
        : { ingest: () => ingest, access, spool: config.analysisSpool || analysisSpool(ingest) };
    if (analysis === undefined) log.info("running sessions are not analysed: WAYWARD_INGEST is not set");
    const stream = startStream({ bus, store, partitions, log, metrics, analysis });
    return {
      parts: [watchBus(bus, { log, metrics, usage: false }), stream],
      facts: { bus: bus.facts.name, store: store.name },
    };
  },
);
