/** The agent under measurement: `ours.ts SPOOL INGEST`. The pusher is a thread of this process. */
import { Worker } from "node:worker_threads";
import { start } from "@wayward/agent";
import { pause, serveEvents, TABLES } from "./events.ts";

const [spool = "", address = ""] = process.argv.slice(2);
const agent = start({ name: "bench", spool });
const log = agent.channel("bench.cart");
const pusher = new Worker(new URL("pusher.ts", import.meta.url), { workerData: { root: spool, address } });
pusher.once("error", (error) => {
  throw error;
});

serveEvents({
  event: (index) =>
    agent.zone("load cart", () => log.info("loaded {} rows from {}", index % 10_000, TABLES[index & 3] ?? "")),
  flush: pause,
  finish: async () => agent.flush(),
});
