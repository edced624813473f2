// A program that knows nothing of Wayward: `npx wayward run -- node samples/hello/hello.mjs`.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  console.log("asked for %s", request.url);
  response.end("hello");
});
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  for (const name of ["ann", "ben", "cleo"]) await (await fetch(`http://127.0.0.1:${port}/hello/${name}`)).text();
  server.close();
});
