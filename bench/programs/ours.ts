/** The agent under measurement, pushing by its own thread: `ours.ts SPOOL INGEST`. */
import { start } from "@wayward/agent";
import { pause, serveEvents, TABLES } from "./events.ts";

const [spool = "", server = ""] = process.argv.slice(2);
const agent = start({ name: "bench", spool, server });
const log = agent.channel("bench.cart");

serveEvents({
  event: (index) =>
    agent.zone("load cart", () => log.info("loaded {} rows from {}", index % 10_000, TABLES[index & 3] ?? "")),
  flush: pause,
  finish: () => agent.delivered(),
});
