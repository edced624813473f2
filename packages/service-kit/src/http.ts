import { createServer, type Server } from "node:http";
import { WaywardError } from "@wayward/base";
import type { Metrics } from "./metrics.ts";

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Whether this process can do its work now. */
  readonly isReady: () => boolean;
}

/** Metrics and probes: `/metrics`, `/livez`, `/readyz`. */
export async function serveHttp({ host, port, metrics, isReady }: HttpOptions): Promise<Server> {
  const ready = metrics.gauge("wayward_ready", "1 while this process can do its work, as /readyz says, else 0");
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0];
    if (path === "/livez") response.end("ok\n");
    else if (path === "/readyz") {
      response.statusCode = isReady() ? 200 : 503;
      response.end(isReady() ? "ok\n" : "not ready\n");
    } else if (path === "/metrics") {
      ready.set(isReady() ? 1 : 0);
      metrics.text().then(
        (text) => response.setHeader("content-type", metrics.contentType).end(text),
        () => response.writeHead(500).end(),
      );
    } else response.writeHead(404).end("known are /metrics, /livez and /readyz\n");
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, "HTTP", `${host}:${port}`)));
    server.listen(port, host, resolve);
  });
  return server;
}

/** PORT_IN_USE where another process listens there, else BAD_LISTENER. */
export function listenError(error: unknown, what: string, address: string): WaywardError {
  const message = error instanceof Error ? error.message : String(error);
  if (/EADDRINUSE/.test(message)) {
    return new WaywardError(
      "FAILED_PRECONDITION",
      "PORT_IN_USE",
      `${what} address ${address} is used by another process`,
    );
  }
  return new WaywardError("FAILED_PRECONDITION", "BAD_LISTENER", `${what} address ${address}: ${message}`);
}
