import { AGENT } from "./command-line.ts";

/** A program named shop that takes two locks in both orders, one after the other: it never hangs. */
export const INVERSION = `import { start } from ${JSON.stringify(AGENT)};
  const agent = start({ name: "shop", sites: true });
  const stock = agent.mutex("stock"), orders = agent.mutex("orders");
  async function pack() { const s = await stock.acquire(); const o = await orders.acquire(); o.release(); s.release(); }
  async function book() { const o = await orders.acquire(); const s = await stock.acquire(); s.release(); o.release(); }
  await agent.task("pack", pack); await agent.task("book", book);
  await agent.delivered();`;
