// A web server as people write them; nothing in it knows of Wayward.
import fastify from "fastify";

const server = fastify();
const schema = { response: { 200: { type: "object", properties: { hello: { type: "string" } } } } };
server.get("/hello/:name", { schema }, async (request) => ({ hello: request.params.name }));
process.once("SIGTERM", () => server.close());
const address = await server.listen({ host: "127.0.0.1", port: 0 });
console.log(`process ${process.pid} listens at ${address}`);
