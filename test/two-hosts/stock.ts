import { createServer } from "node:http";
import { hostname } from "node:os";
import type { Agent } from "@wayward/agent";
import type { LockClient } from "./lock-client.ts";

type Lock = ReturnType<Agent["lock"]>;

/** Answers every request over HTTP, on all addresses, and takes the lock for it. Tells the port. */
export function serveStock(agent: Agent, stock: Lock, server: LockClient, waitMs: number): Promise<number> {
  async function answerStock(): Promise<string> {
    stock.wait();
    await server.take("stock", waitMs);
    stock.acquired();
    stock.released();
    server.give("stock");
    return hostname();
  }
  const http = createServer((request, response) => {
    const { traceparent } = request.headers;
    const answered = agent.answer(String(traceparent), "GET /stock", answerStock);
    void answered.then((text) => response.end(text));
  });
  return new Promise((resolve) => {
    http.listen(0, "0.0.0.0", () => {
      const address = http.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

/** Asks the other program while the lock is held. */
export async function askStock(agent: Agent, orders: Lock, server: LockClient, waitMs: number, url: string) {
  orders.wait();
  await server.take("orders", waitMs);
  orders.acquired();
  const text = await agent.call("GET stock", async (traceparent) => {
    const response = await fetch(url, { headers: { traceparent } });
    return response.text();
  });
  orders.released();
  server.give("orders");
  return text;
}
