import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { unwrap } from "@wayward/base";
import { openJetStreamBus } from "@wayward/bus";
import { BUS_SETTINGS, runCheck, runMain, storeSettings, watchBus, watchDisk } from "@wayward/service-kit";
import { ensureLayout, openStore, parseStoreUrl } from "@wayward/store";
import { startArchiver } from "./archiver.ts";
import { checkSettings } from "./check.ts";
import { ARCHIVE_SETTINGS } from "./settings.ts";

// Blocks lie outside V8's heap. Counted apart they start a full collection every
// 64 MiB, each of which marks all that the S3 client has loaded: a seventh of
// this process's CPU under load. Counted with the heap, they start one as it grows.
setFlagsFromString("--external-memory-accounted-in-global-limit");

// `--keep 10GiB` stands before WAYWARD_KEEP, as in `wayward up`; `--check` only looks whether it could run.
const { keep, check } = parseArgs({
  options: { keep: { type: "string" }, check: { type: "boolean" } },
  strict: false,
}).values;
if (typeof keep === "string") process.env.WAYWARD_KEEP = keep;

const TABLE = { ...BUS_SETTINGS, ...storeSettings(parseStoreUrl), ...ARCHIVE_SETTINGS };

if (check === true) await runCheck("archive", TABLE, checkSettings);
else
  await runMain("archive", TABLE, async ({ config, log, metrics, open }) => {
    const { partitions, keepBytes } = config;
    const store = await open(openStore(config.store));
    // Before the bus, which would take any number.
    await ensureLayout(store, partitions);
    const bus = await open(openJetStreamBus({ ...config, name: "wayward-archive" }));
    for (const warning of bus.facts.warnings) log.warn(warning);
    const place = unwrap(parseStoreUrl(config.store));
    return {
      parts: [
        await startArchiver({ bus, store, partitions, keepBytes, log, metrics }),
        watchBus(bus, { log, metrics, usage: true }),
        ...(place.type === "folder" ? [watchDisk(place.folder, metrics)] : []),
      ],
      facts: { bus: bus.facts.name, store: store.name },
    };
  });
