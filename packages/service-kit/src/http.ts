import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { WaywardError } from "@wayward/base";
import { keyIn } from "./access/authenticate.ts";
import type { Certificates } from "./access/certificates.ts";
import type { Doors } from "./access/doors.ts";
import type { Keys } from "./access/keys.ts";
import type { Metrics } from "./metrics.ts";

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Whether this process can do its work now. */
  readonly isReady: () => boolean;
  /** Undefined: everyone, in plain text. */
  readonly doors?: Pick<Doors, "keys" | "certificates"> | undefined;
}

/** `/livez` and `/readyz` for probes, which have no key, and `/metrics`, for which one is asked where there are keys. */
export async function serveHttp({ host, port, metrics, isReady, doors }: HttpOptions): Promise<Server> {
  const ready = metrics.gauge("wayward_ready", "1 while this process can do its work, as /readyz says, else 0");
  const server = createListener(doors?.certificates, (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0];
    if (path === "/livez") response.end("ok\n");
    else if (path === "/readyz") {
      response.statusCode = isReady() ? 200 : 503;
      response.end(isReady() ? "ok\n" : "not ready\n");
    } else if (path === "/metrics") {
      const refusal = refusalOf(request.headers.authorization, doors?.keys?.keys);
      if (refusal !== undefined) {
        response.writeHead(401, { "www-authenticate": "Bearer" }).end(`${refusal}\n`);
        return;
      }
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

/** Callers of this port are probes and Prometheus: they are asked for no certificate. */
function createListener(certificates: Certificates | undefined, listener: RequestListener): Server {
  if (certificates === undefined) return createServer(listener);
  const { cert, key } = certificates.context;
  const server = createSecureServer({ cert, key }, listener);
  certificates.onRenewed((context) => server.setSecureContext({ cert: context.cert, key: context.key }));
  return server;
}

/** Why metrics are not told: they hold no records, so any key will do. */
function refusalOf(header: string | undefined, keys: Keys | undefined): string | undefined {
  try {
    if (keys !== undefined) keyIn(header, keys, Date.now());
    return undefined;
  } catch (error) {
    const { reason, message } = WaywardError.from(error);
    return `${message} [${reason}]`;
  }
}

/** What chooses the port of each listener. */
const PORTS = { gRPC: "--port or WAYWARD_PORT", HTTP: "--http-port or WAYWARD_HTTP_PORT" } as const;

/** PORT_IN_USE where another process listens there, else BAD_LISTENER. */
export function listenError(error: unknown, what: keyof typeof PORTS, address: string): WaywardError {
  const message = error instanceof Error ? error.message : String(error);
  if (/EADDRINUSE/.test(message)) {
    return new WaywardError(
      "FAILED_PRECONDITION",
      "PORT_IN_USE",
      `${what} address ${address} is used by another process: is \`wayward up\` already running? ${PORTS[what]} chooses another port`,
    );
  }
  return new WaywardError("FAILED_PRECONDITION", "BAD_LISTENER", `${what} address ${address}: ${message}`);
}
