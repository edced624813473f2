/**
 * One of the two programs: takes locks that it shares with the other one, as
 * lines on stdin tell. `ship` takes orders, then stock; `count` takes stock,
 * then orders; each stops in between until it hears `on`, and gives both
 * back. `end` ends the program. What it did is told on stdout.
 */
import { createInterface } from "node:readline";
import { start } from "@wayward/agent";
import { sessionText } from "@wayward/record";
import { LockClient } from "./lock-client.ts";

const [name = "", locks = "", waitMs = "0"] = process.argv.slice(2);
const agent = start({ name, sites: true });
const server = new LockClient(locks);
const orders = agent.lock("orders", { scope: "cluster", shared: "shop/orders" });
const stock = agent.lock("stock", { scope: "cluster", shared: "shop/stock" });
const told = createInterface(process.stdin)[Symbol.asyncIterator]();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function shipOrders(): Promise<void> {
  orders.wait();
  await server.take("orders", Number(waitMs));
  orders.acquired();
  say("has orders");
  await told.next();
  stock.wait();
  const got = await server.take("stock", Number(waitMs));
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
  await server.take("stock", Number(waitMs));
  stock.acquired();
  say("has stock");
  await told.next();
  orders.wait();
  const got = await server.take("orders", Number(waitMs));
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
  await (line.value === "ship" ? shipOrders() : countStock());
}
server.end();
await agent.delivered();
process.exit(0);
