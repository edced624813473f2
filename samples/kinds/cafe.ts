/**
 * Declares a kind of record of its own, with a key and a measure, and records
 * some. No service knows it, and every command shows it:
 *
 *   npx wayward read --kind cafe --where 'price > 300'
 *   npx wayward stats --kind cafe --by drink --measure price
 */
import { start } from "@wayward/agent";
import { defineKind, f } from "@wayward/record";

const order = defineKind("cafe.order", [
  f.ref("drink", "string", { role: "key" }),
  f.u64("price", { role: "measure", unit: "ct" }),
  f.bool("to_go"),
]);

const PRICES = { espresso: 220, cappuccino: 340, tea: 290 };

const agent = start({ name: "cafe" });
const orders = agent.kind(order);
let guests = 0;
const timer = setInterval(() => {
  for (const [drink, price] of Object.entries(PRICES)) {
    orders.record({ drink, price: price + guests, to_go: guests % 2 === 0 });
  }
  if (++guests === 20) clearInterval(timer);
}, 50);
