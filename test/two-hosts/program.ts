/**
 * One of the two programs: takes locks that it shares with the other one, as
 * lines on stdin tell. `ship` takes orders, then stock; `count` takes stock,
 * then orders; each stops in between until it hears `on`, and gives both
 * back. `serve` answers requests for stock from then on, and takes stock for
 * each; `ask URL` sends one and holds orders meanwhile. `end` ends the
 * program. What it did is told on stdout.
 */
import { createInterface } from "node:readline";
import { start } from "@wayward/agent";
import { sessionText } from "@wayward/record";
import { LockClient } from "./lock-client.ts";
import { askStock, serveStock } from "./stock.ts";

const [name = "", locks = "", longestMs = "0"] = process.argv.slice(2);
const waitMs = Number(longestMs);
const agent = start({ name, sites: true });
const server = new LockClient(locks);
const sharedLock = (lock: string) => agent.lock(lock, { scope: "cluster", shared: `shop/${lock}` });
const [orders, stock] = [sharedLock("orders"), sharedLock("stock")];
const told = createInterface(process.stdin)[Symbol.asyncIterator]();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function shipOrders(): Promise<void> {
  orders.wait();
  await server.take("orders", waitMs);
  orders.acquired();
  say("has orders");
  await told.next();
  stock.wait();
  const got = await server.take("stock", waitMs);
  if (got) {
    stock.acquired();
    stock.released();
    server.give("stock");
  } else stock.timedOut();
  orders.released();
  server.give("orders");
  say(got ? "shipped" : "not shipped");
}

async function countStock(): Promise<void> {
  stock.wait();
  await server.take("stock", waitMs);
  stock.acquired();
  say("has stock");
  await told.next();
  orders.wait();
  const got = await server.take("orders", waitMs);
  if (got) {
    orders.acquired();
    orders.released();
    server.give("orders");
  } else orders.timedOut();
  stock.released();
  server.give("stock");
  say(got ? "counted" : "not counted");
}

say(`session ${sessionText(agent.session)}`);
for (let line = await told.next(); !line.done && line.value !== "end"; line = await told.next()) {
  const [word, url = ""] = line.value.split(" ");
  // A thread of Node runs many flows: only a task's holds are told for sure.
  if (word === "ship") await agent.task("ship orders", shipOrders);
  else if (word === "count") await agent.task("count stock", countStock);
  else if (word === "serve") say(`serves at ${await serveStock(agent, stock, server, waitMs)}`);
  else if (word === "ask") {
    const asking = () => askStock(agent, orders, server, waitMs, url);
    say(`answered by ${await agent.task("ask for stock", asking)}`);
  }
}
server.end();
await agent.delivered();
process.exit(0);
