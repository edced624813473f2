/** The store of the sample: keeps orders in SQLite, one connection for all. */
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "@wayward/agent";
import { listen, readJson } from "./http.ts";

const agent = start({ name: "store" });
const log = agent.channel("store.orders");
const connection = agent.mutex("db connection", { scope: "process" });
const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, amount INTEGER)");
const INSERT = "INSERT INTO orders (item, amount) VALUES (?, ?)";
const insert = database.prepare(INSERT);

const server = createServer((request, response) => {
  void agent.within(String(request.headers.traceparent), () =>
    agent.task("save order", () =>
      agent.zoneAsync("save order", async () => {
        const { item, amount } = await readJson<{ item: string; amount: number }>(request);
        await connection.run(async () => {
          const begun = process.hrtime.bigint();
          insert.run(item, amount);
          // What a real disk would take.
          await sleep(1 + (amount % 5));
          agent.db(INSERT, process.hrtime.bigint() - begun, 1);
        });
        log.info("saved {} of {}", amount, item);
        response.end("{}");
      }),
    ),
  );
});

await listen(server, 0);
