import { once } from "node:events";
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Authority, tempFolder } from "@wayward/testing";
import { trustConnection, withWindows } from "./windows.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Servers that were made side by side, and plain connections to the first one. */
const sessions: http2.ServerHttp2Session[] = [];
const clients: http2.ClientHttp2Session[] = [];
let servers: http2.Http2Server[] = [];
let received = 0;

const original = http2.createServer;
const make = () =>
  withWindows(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const server = http2.createServer();
    server.on("stream", (stream) => {
      stream.on("data", (part: Buffer) => {
        received += part.length;
      });
      stream.on("end", () => stream.respond({ ":status": 200 }, { endStream: true }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  });

async function connect(): Promise<http2.ServerHttp2Session> {
  const address = servers[0]!.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const came = once(servers[0]!, "session");
  clients.push(http2.connect(`http://127.0.0.1:${port}`));
  const [session] = (await came) as [http2.ServerHttp2Session];
  sessions.push(session);
  return session;
}

const trust = ({ socket }: http2.ServerHttp2Session) => trustConnection(`${socket.remoteAddress}:${socket.remotePort}`);
const window = ({ state }: http2.ServerHttp2Session) => state.effectiveLocalWindowSize;

beforeAll(async () => {
  servers = await Promise.all([make(), make()]);
});
afterAll(() => {
  for (const client of clients) client.destroy();
  for (const server of servers) server.close();
});

test("servers made side by side leave http2 as it was", () => {
  expect(http2.createServer).toBe(original);
});

test("a connection has 64 KiB until it is trusted, then 8 MiB", async () => {
  const session = await connect();
  expect(window(session)).toBeLessThanOrEqual(64 * KIB);
  trust(session);
  expect(window(session)).toBe(8 * MIB);
});

test("trusted connections share 128 MiB, and bytes go on when the share shrinks", async () => {
  const [first] = sessions;
  while (sessions.length < 32) trust(await connect());
  expect(window(first!)).toBe(4 * MIB);
  expect(window(sessions[31]!)).toBe(4 * MIB);
  const request = clients[0]!.request({ ":method": "POST" });
  request.end(Buffer.alloc(20 * MIB));
  request.resume();
  await once(request, "close");
  expect(received).toBe(20 * MIB);
  for (const client of clients.splice(1)) client.destroy();
  for (let tries = 0; tries < 100 && window(first!) !== 8 * MIB; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(window(first!)).toBe(8 * MIB);
});

test("a connection by TLS has the same", async () => {
  await using folder = await tempFolder("windows");
  const { certFile, keyFile } = new Authority(folder.path).issue("server");
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const server = await withWindows(async () => http2.createSecureServer(pair));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const came = once(server, "session");
  const port = typeof address === "object" ? address?.port : undefined;
  const client = http2.connect(`https://127.0.0.1:${port}`, { ca: readFileSync(certFile), rejectUnauthorized: false });
  const [session] = (await came) as [http2.ServerHttp2Session];
  expect(window(session)).toBeLessThanOrEqual(64 * KIB);
  trust(session);
  expect(window(session)).toBe(8 * MIB);
  client.destroy();
  server.close();
});
