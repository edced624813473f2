import type { Server } from "node:http";
import type { Doors } from "./access/doors.ts";
import { type GrpcService, serveGrpc } from "./grpc/server.ts";
import { serveHttp } from "./http.ts";
import { errorFacts, type Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { Unended } from "./unended.ts";

/** A part of a process that answers calls, works in the background, or both. */
export interface Part {
  /** By this is told that it does not end. */
  readonly name: string;
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
  /** The parts, or how they are started: until then HTTP answers, not ready, and gRPC does not. */
  readonly parts: readonly Part[] | (() => Promise<readonly Part[]>);
  /** Who is let in; undefined: everyone, in plain text. Stays open. */
  readonly doors?: Doors | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Knows what a stop waits for; one of its own by default. */
  readonly unended?: Unended;
}

/** A process that serves. */
export interface Serving {
  /** `host:port` of gRPC and of HTTP. */
  readonly address: string;
  readonly httpAddress: string;
  /** What a stop still waits for. */
  readonly unended: Unended;
  stop(): Promise<void>;
}

/** How long running calls may take once the process is to end. */
const GRACE_MS = 5_000;

/**
 * All parts on one gRPC port and one HTTP port. Owns the parts from now on:
 * `stop` stops them, and so does a failure. Throws PORT_IN_USE, BAD_LISTENER,
 * and what starting the parts throws.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { host, port, httpPort, parts, doors, log, metrics, unended = new Unended() } = options;
  let started = typeof parts === "function" ? [] : parts;
  let listening = false;
  const isReady = () => listening && started.every((part) => part.isReady?.() ?? true);
  let http: Server | undefined;
  try {
    http = await serveHttp({ host, port: httpPort, metrics, isReady, doors });
    if (typeof parts === "function") started = await parts();
    const services = started.flatMap((part) => part.services ?? []);
    const grpc = await serveGrpc({ host, port, services, log, isReady, doors, metrics });
    listening = true;
    const bound = http.address();
    const httpAddress = `${host}:${typeof bound === "object" && bound !== null ? bound.port : httpPort}`;
    const stop = async () => {
      listening = false;
      await stopParts(started, log, unended);
      await unended.settle("gRPC", grpc.stop(GRACE_MS));
      await unended.settle("HTTP", closeHttp(http));
    };
    return { address: grpc.address, httpAddress, unended, stop };
  } catch (error) {
    await stopParts(started, log, unended);
    await closeHttp(http);
    throw error;
  }
}

function closeHttp(http: Server | undefined): Promise<void> {
  return new Promise<void>((resolve) => {
    if (http === undefined) return resolve();
    http.close(() => resolve());
    http.closeAllConnections();
  });
}

/** Stops every part, whatever becomes of the others. */
async function stopParts(parts: readonly Part[], log: Log, unended: Unended): Promise<void> {
  const endings = parts.map((part) => unended.settle(part.name, part.stop()));
  for (const ended of await Promise.allSettled(endings)) {
    if (ended.status === "rejected") log.error("a part did not end in good order", errorFacts(ended.reason));
  }
}
