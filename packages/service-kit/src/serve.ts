import { type GrpcService, serveGrpc } from "./grpc/server.ts";
import { serveHttp } from "./http.ts";
import type { Log } from "./log.ts";
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

/** All parts on one gRPC port and one HTTP port. */
export async function serve({ host, port, httpPort, parts, log, metrics }: ServeOptions): Promise<Serving> {
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
      await Promise.all(parts.map((part) => part.stop()));
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
