import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { ingest } from "@wayward/api";
import type { Bus } from "@wayward/bus";
import { type Log, type Metrics, type Part, unary } from "@wayward/service-kit";
import { setControl } from "./control.ts";
import { ingestEvents } from "./events.ts";
import { type PushCall, PushHandler } from "./push.ts";
import { readPushRequest } from "./push-request.ts";
import { startSession } from "./start-session.ts";

/** As generated, but for a push's bytes, which are not copied. */
const DEFINITION = {
  ...ingest.IngestServiceService,
  push: { ...ingest.IngestServiceService.push, requestDeserialize: readPushRequest },
};

export interface IngestOptions {
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Push streams that are so old are told to connect again, so that they spread over processes that came later. Default: never. */
  readonly pushAgeMs?: number;
}

/** The way in: takes blocks, checks their envelopes, and hands the same bytes to the bus. Keeps no state. */
export function startIngest({ bus, log, metrics, pushAgeMs = 0 }: IngestOptions): Part {
  const handler = new PushHandler(bus, ingestEvents(metrics, log), log, pushAgeMs);
  const implementation: UntypedServiceImplementation = {
    startSession: unary<ingest.StartSessionRequest, ingest.StartSessionResponse>(log, async (request, { caller }) =>
      startSession(request, handler.control(caller.tenant)),
    ),
    getControl: unary<ingest.GetControlRequest, ingest.GetControlResponse>(log, async (_, { caller }) => {
      return { control: handler.control(caller.tenant) };
    }),
    setControl: unary<ingest.SetControlRequest, ingest.SetControlResponse>(log, (request, { caller }) =>
      setControl(bus, request, caller),
    ),
    push: (call: PushCall) => handler.open(call),
  };
  return {
    name: "ingest",
    services: [{ definition: DEFINITION, implementation }],
    stop: () => handler.stop(),
  };
}
