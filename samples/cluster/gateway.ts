/** The gateway of the sample: takes orders over HTTP and hands them to the workers. It is its own customer. */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "@wayward/agent";
import { listen, postJson, readJson } from "./http.ts";
import { newTraceparent } from "./trace.ts";

const [workersUrl = "", seconds = "5"] = process.argv.slice(2);
const ITEMS = ["apples", "bread", "coffee", "dates"];
const agent = start({ name: "gateway" });
const log = agent.channel("gateway.http");

const server = createServer((request, response) => {
  void agent.within(String(request.headers.traceparent), () =>
    agent.task("POST /orders", () =>
      agent.zoneAsync("POST /orders", async () => {
        const order = await agent.zoneAsync("parse", () => readJson<{ item: string; amount: number }>(request));
        await postJson(workersUrl, { ...order, traceparent: agent.traceparent() }, agent.traceparent());
        log.info("order of {} {}", order.amount, order.item);
        response.end("{}");
      }),
    ),
  );
});

const url = await listen(server, 0);
const until = Date.now() + Number(seconds) * 1000;
let sent = 0;
async function customer(pauseMs: number): Promise<void> {
  while (Date.now() < until) {
    sent++;
    await postJson(url, { item: ITEMS[sent % ITEMS.length], amount: sent % 7 }, newTraceparent());
    await sleep(pauseMs);
  }
}
await Promise.all([18, 23, 29, 31].map(customer));
log.info("customers sent {} orders", sent);
// The workers finish what waits, then the start script ends everyone.
await sleep(500);
process.exit(0);
