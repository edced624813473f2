import { parseArgs } from "node:util";
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
import { ARCHIVE_SETTINGS } from "./settings.ts";

// `--keep 10GiB` stands before WAYWARD_KEEP, as in `wayward up`.
const { keep } = parseArgs({ options: { keep: { type: "string" } }, strict: false }).values;
if (typeof keep === "string") process.env.WAYWARD_KEEP = keep;

const TABLE = { ...PROCESS_SETTINGS, ...BUS_SETTINGS, ...STORE_SETTINGS, ...ARCHIVE_SETTINGS };

await runMain("archive", TABLE, async (config) => {
  const log = createLog(config.logLevel, { service: "archive" });
  const metrics = createMetrics({ process: true });
  const store = await openStore(config.store);
  const bus = await openJetStreamBus({ ...config, name: "wayward-archive" });
  for (const warning of bus.facts.warnings) log.warn(warning);
  const { partitions, keepBytes } = config;
  const archiver = await startArchiver({ bus, store, partitions, keepBytes, log, metrics });
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
