/** An HTTP server with and without records of its requests; the spool's folder is the argument. Says its port. */
import { createServer, type ServerResponse } from "node:http";
import { start } from "@wayward/agent";

const [spool = ""] = process.argv.slice(2);
const agent = start({ name: "web", spool });
const log = agent.channel("web.orders");

async function order(number: number): Promise<string> {
  await Promise.resolve();
  return JSON.stringify({ order: number, items: ["apples", "bread"], total: number * 3 });
}

async function plain(number: number, response: ServerResponse): Promise<void> {
  const body = await order(number);
  response.setHeader("content-type", "application/json");
  response.end(body);
}

function recorded(number: number, response: ServerResponse): Promise<void> {
  return agent.zoneAsync("GET /orders", async () => {
    const body = await order(number);
    log.info("order {} has {} bytes", number, body.length);
    response.setHeader("content-type", "application/json");
    response.end(body);
  });
}

let orders = 0;
const server = createServer((request, response) => {
  const answer = request.url === "/recorded" ? recorded : plain;
  void answer(++orders % 10_000, response);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  // What is staged belongs to the requests before.
  process.on("message", () => {
    agent.flush();
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.once("disconnect", () => process.exit());
  process.send?.(typeof address === "object" ? address?.port : 0);
});
