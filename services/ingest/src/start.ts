import type { ServerDuplexStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import { ingest } from "@wayward/api";
import type { Bus } from "@wayward/bus";
import { type Log, type Metrics, type Part, unary } from "@wayward/service-kit";
import { ingestMetrics } from "./metrics.ts";
import { PushHandler } from "./push.ts";
import { startSession } from "./start-session.ts";
import { Watermarks } from "./watermarks.ts";

export interface IngestOptions {
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The way in: takes blocks, checks their envelopes, and hands the same bytes to the bus. Keeps no state. */
export function startIngest({ bus, log, metrics }: IngestOptions): Part {
  const watermarks = new Watermarks(bus, log);
  const handler = new PushHandler(bus, watermarks, ingestMetrics(metrics), log);
  const implementation: UntypedServiceImplementation = {
    startSession: unary(log, startSession),
    push: (call: ServerDuplexStream<ingest.PushRequest, ingest.PushResponse>) => handler.open(call),
  };
  return {
    services: [{ definition: ingest.IngestServiceService, implementation }],
    stop: async () => {
      await handler.stop();
      await watermarks.stop();
    },
  };
}
