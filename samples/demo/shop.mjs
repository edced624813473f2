// A program that knows nothing of Wayward and never ends: a shop with a slow shelf and three customers.
// docker-compose.yml records it under its profile `demo`.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const SHELVES = { apples: 3, bread: 8, coffee: 40 };

const server = createServer(async (request, response) => {
  const item = new URL(request.url, "http://shop").pathname.slice(1);
  const delayMs = SHELVES[item];
  if (delayMs === undefined) {
    console.warn("nobody sells %s here", item);
    response.writeHead(404).end();
    return;
  }
  await sleep(delayMs * (1 + Math.random()));
  console.log("sold %s", item);
  response.end("thank you\n");
});

async function customer(wishes, port) {
  for (let visit = 0; ; visit++) {
    await (await fetch(`http://127.0.0.1:${port}/${wishes[visit % wishes.length]}`)).text();
    await sleep(200 + 600 * Math.random());
  }
}

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  for (const wishes of [["apples", "bread"], ["coffee"], ["bread", "apples", "dates"]]) void customer(wishes, port);
});
