import { type GrpcService, serveGrpc } from "./grpc/server.ts";
import { serveHttp } from "./http.ts";
import { errorFacts, type Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** A part of a process that answers calls, works in the background, or both. */
export interface Part {
  readonly services?: readonly GrpcService[];
  /** False while it cannot do its work. Default: always ready. */
  isReady?(): boolean;
  /** Ends its work in good order. */
  stop(): Promise<void>;
}

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  readonly parts: readonly Part[];
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A process that serves. */
export interface Serving {
  /** `host:port` of gRPC and of HTTP. */
  readonly address: string;
  readonly httpAddress: string;
  stop(): Promise<void>;
}

/** How long running calls may take once the process is to end. */
const GRACE_MS = 5_000;

/**
 * All parts on one gRPC port and one HTTP port. Owns the parts from now on:
 * `stop` stops them, and so does a failure. Throws PORT_IN_USE, BAD_LISTENER.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  try {
    return await listen(options);
  } catch (error) {
    await stopParts(options);
    throw error;
  }
}

async function listen(options: ServeOptions): Promise<Serving> {
  const { host, port, httpPort, parts, log, metrics } = options;
  let stopping = false;
  const isReady = () => !stopping && parts.every((part) => part.isReady?.() ?? true);
  const services = parts.flatMap((part) => part.services ?? []);
  const grpc = await serveGrpc({ host, port, services, log, isReady });
  try {
    const http = await serveHttp({ host, port: httpPort, metrics, isReady });
    const bound = http.address();
    const httpAddress = `${host}:${typeof bound === "object" && bound !== null ? bound.port : httpPort}`;
    const stop = async () => {
      stopping = true;
      await stopParts(options);
      await grpc.stop(GRACE_MS);
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
    };
    return { address: grpc.address, httpAddress, stop };
  } catch (error) {
    await grpc.stop(0);
    throw error;
  }
}

/** Stops every part, whatever becomes of the others. */
async function stopParts({ parts, log }: ServeOptions): Promise<void> {
  for (const ended of await Promise.allSettled(parts.map((part) => part.stop()))) {
    if (ended.status === "rejected") log.error("a part did not end in good order", errorFacts(ended.reason));
  }
}
