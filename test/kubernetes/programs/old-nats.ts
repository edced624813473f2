/** What a nats-server of 2.12 says of itself to who connects, and no more. Port 4222. */
import { createServer } from "node:net";

const info = {
  server_id: "OLD",
  server_name: "old",
  version: "2.12.0",
  proto: 1,
  headers: true,
  jetstream: true,
  max_payload: 8 * 1024 * 1024,
};

createServer((socket) => {
  socket.write(`INFO ${JSON.stringify(info)}\r\n`);
  socket.on("data", (bytes) => {
    if (bytes.includes("PING\r\n")) socket.write("PONG\r\n");
  });
  socket.on("error", () => {});
}).listen(4222);
