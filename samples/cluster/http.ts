import type { IncomingMessage, Server } from "node:http";
import { Agent, request as send } from "node:http";

const connections = new Agent({ keepAlive: true, maxSockets: 64 });

/** Listens on loopback, says its URL on stdout, and tells it. */
export function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`;
      process.stdout.write(`${url}\n`);
      resolve(url);
    });
  });
}

export async function readJson<T>(request: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as T;
}

/** Posts a value and waits for the answer's end. */
export function postJson(url: string, value: unknown, traceparent?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = traceparent === undefined ? {} : { traceparent };
    const call = send(url, { method: "POST", agent: connections, headers }, (response) => {
      response.resume().once("end", resolve).once("error", reject);
    });
    call.once("error", reject);
    call.end(JSON.stringify(value));
  });
}
