/** The worker pool of the sample: takes jobs into a queue, works on four at a time, and saves them in the store. */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "@wayward/agent";
import { listen, postJson, readJson } from "./http.ts";

interface Order {
  readonly item: string;
  readonly amount: number;
  readonly traceparent: string;
}

const [storeUrl = "", fault = "fault"] = process.argv.slice(2);
const agent = start({ name: "workers", sites: true });
const log = agent.channel("workers.pool");
const queue = agent.queue("orders");
const inventory = agent.mutex("inventory");
const ledger = agent.mutex("ledger");
const waiting: { readonly job: bigint; readonly order: Order }[] = [];
let lastJob = 0n;
let running = 0;

async function work(job: bigint, order: Order): Promise<void> {
  queue.start(job);
  await agent.within(order.traceparent, () =>
    agent.zoneAsync("fulfil order", async () => {
      await takeFromStock(order);
      await postJson(storeUrl, order, agent.traceparent());
    }),
  );
  queue.finish(job, "ok");
}

async function takeFromStock({ amount }: Order): Promise<void> {
  await inventory.run(async () => {
    await sleep(1 + (amount % 3));
    await ledger.run(() => {});
  });
}

/**
 * Fills the stock before the first order. With the planted fault it takes the
 * two locks the other way round than an order: no run hangs by that, as no
 * order is there yet, and one day it will.
 */
async function restock(): Promise<void> {
  const [outer, inner] = fault === "fault" ? [ledger, inventory] : [inventory, ledger];
  await outer.run(() => inner.run(() => {}));
}

/** Starts as many as may run at once. */
function pump(): void {
  while (running < 4 && waiting.length > 0) {
    const { job, order } = waiting.shift()!;
    running++;
    void agent
      .task(`job ${job}`, () => work(job, order))
      .catch((error) => log.error("job {} failed: {}", job, String(error)))
      .finally(() => {
        running--;
        agent.counter("jobs running", running);
        pump();
      });
  }
}

const server = createServer((request, response) => {
  void readJson<Order>(request).then((order) => {
    const job = ++lastJob;
    queue.enqueue(job, waiting.length);
    waiting.push({ job, order });
    log.debug("job {} waits behind {}", job, waiting.length - 1);
    response.end("{}");
    pump();
  });
});

await agent.task("restock", restock);
await listen(server, 0);
