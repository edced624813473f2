import {
  logVerbosity,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { CallerCertificates } from "../access/caller-certificates.ts";
import type { Certificates } from "../access/certificates.ts";
import type { Doors } from "../access/doors.ts";
import { listenError } from "../http.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { RenewedCredentials } from "./credentials.ts";
import { Guard } from "./guard.ts";
import { healthService } from "./health.ts";
import { reflectionService } from "./reflection.ts";
import { withWindows } from "./windows.ts";

/** One gRPC service with what carries it out. */
export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface GrpcServer {
  /** `host:port`. */
  readonly address: string;
  /** Takes no new calls, gives running ones this long, then cuts them off. */
  stop(graceMs: number): Promise<void>;
}

export interface GrpcOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly services: readonly GrpcService[];
  readonly log: Log;
  readonly isReady: () => boolean;
  /** Undefined: everyone, in plain text. */
  readonly doors?: Pick<Doors, "keys" | "certificates"> | undefined;
  /** Counts who is not let in. */
  readonly metrics?: Metrics | undefined;
}

/** Keepalive as in the chart and docs/operate: a dead peer is noticed within 40 s. */
const OPTIONS = {
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.http2.min_ping_interval_without_data_ms": 5_000,
  // A block with its envelope, and room for the message around it.
  "grpc.max_receive_message_length": 1024 * 1024,
  "grpc.max_send_message_length": -1,
  "grpc.max_concurrent_streams": 1_000,
};

/** Serves the services with health and reflection beside them. Throws PORT_IN_USE, BAD_LISTENER. */
export async function serveGrpc({
  host,
  port,
  services,
  log,
  isReady,
  doors,
  metrics,
}: GrpcOptions): Promise<GrpcServer> {
  // What goes wrong is thrown; the library would write lines to stderr that are none of the log.
  if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
  const server = new Server(OPTIONS);
  const names = services.map(({ definition }) => serviceName(definition));
  const stopping = new AbortController();
  const reflected = [...names, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];
  const own = [healthService(names, isReady, log, stopping.signal), reflectionService(reflected, stopping.signal)];
  const guard = new Guard(doors?.keys, log, metrics);
  for (const { definition, implementation } of [...services, ...own]) {
    server.addService(definition, guard.protect(definition, implementation));
  }
  const callers = metrics === undefined ? undefined : new CallerCertificates(metrics);
  const binding = () => bind(server, host, port, doors?.certificates);
  const bound = await withWindows(binding, (session) => callers?.see(session)).catch((error: unknown) => {
    guard.close();
    throw error;
  });
  const end = (graceMs: number) => {
    stopping.abort();
    return stop(server, graceMs).finally(() => guard.close());
  };
  return { address: `${host}:${bound}`, stop: end };
}

function bind(server: Server, host: string, port: number, certificates: Certificates | undefined): Promise<number> {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const credentials =
    certificates === undefined ? ServerCredentials.createInsecure() : new RenewedCredentials(certificates);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, boundPort) => {
      if (error === null) resolve(boundPort);
      else reject(listenError(error, "gRPC", address));
    });
  });
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** `wayward.query.v1.QueryService` of a definition's paths. */
function serviceName(definition: ServiceDefinition): string {
  const path = Object.values(definition)[0]?.path ?? "";
  return path.split("/")[1] ?? "";
}
