import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { stream } from "@wayward/api";
import type { Bus } from "@wayward/bus";
import { Catalogue } from "@wayward/reader";
import { type Log, type Metrics, type Part, serverStream } from "@wayward/service-kit";
import type { Store } from "@wayward/store";
import { Observation } from "./observe.ts";

export interface StreamOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly partitions: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Shows what was recorded and what is being recorded as one stream. */
export function startStream({ bus, store, partitions, log, metrics }: StreamOptions): Part {
  const catalogues = new Map<string, Catalogue>();
  const observers = metrics.gauge("wayward_stream_observers", "Open observations");
  const stopping = new AbortController();

  async function* observe(request: stream.ObserveRequest, tenant: string, signal: AbortSignal) {
    const catalogue = catalogues.get(tenant) ?? new Catalogue({ bus, store, partitions, tenant });
    catalogues.set(tenant, catalogue);
    observers.inc();
    try {
      const observation = new Observation({ bus, catalogue, partitions, tenant }, request);
      yield* observation.run(AbortSignal.any([signal, stopping.signal]));
    } finally {
      observers.dec();
    }
  }

  const implementation: UntypedServiceImplementation = {
    observe: serverStream<stream.ObserveRequest, stream.ObserveResponse>(log, (request, { caller, signal }) =>
      observe(request, caller.tenant, signal),
    ),
  };
  return {
    services: [{ definition: stream.StreamServiceService, implementation }],
    stop: async () => stopping.abort(),
  };
}
