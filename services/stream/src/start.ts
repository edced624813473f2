import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { AccessSettings } from "@wayward/access";
import { stream } from "@wayward/api";
import type { Bus } from "@wayward/bus";
import { Catalogue, type CatalogueMemory } from "@wayward/reader";
import { type Log, type Metrics, type Part, serverStream } from "@wayward/service-kit";
import type { Store } from "@wayward/store";
import { LiveAnalyses } from "./analysis/start.ts";
import { LogView } from "./log-view.ts";
import { Observation, type ObserveSource } from "./observe.ts";
import { Relay } from "./relay.ts";

/** Where live analyses report, and keep what they have to report meanwhile. */
interface AnalysisOptions {
  /** `host:port` of ingest; asked for at the first finding. */
  readonly ingest: () => string;
  /** With what they come to ingest; default: what the environment names. */
  readonly access?: AccessSettings | undefined;
  readonly spool: string;
  /** A wait that lasts so long is told; default 30,000 ms. */
  readonly longWaitMs?: number;
}

export interface StreamOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly partitions: number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Without it running sessions are not analysed here. */
  readonly analysis?: AnalysisOptions | undefined;
}

/** What an observer has missed or wants of the past goes by once. */
const MEMORY: CatalogueMemory = { footers: 8 * 1024 ** 2, blocks: 8 * 1024 ** 2, tails: 8 * 1024 ** 2 };

/** Shows what was recorded and what is being recorded as one stream. */
export function startStream({ bus, store, partitions, log, metrics, analysis }: StreamOptions): Part {
  const relay = new Relay(bus, log);
  const sources = new Map<string, ObserveSource>();
  const observers = metrics.gauge("wayward_stream_observers", "Open observations");
  const messages = metrics.counter("wayward_stream_messages_total", "Messages to observers by what they carry", [
    "part",
  ]);
  for (const part of ["rows", "blocks", "fill", "gap"]) messages.inc({ part }, 0);
  const stopping = new AbortController();

  const sourceOf = (tenant: string): ObserveSource => {
    const known = sources.get(tenant);
    if (known !== undefined) return known;
    const catalogue = new Catalogue({ bus, store, partitions, tenant, memory: MEMORY });
    const made = { bus, relay, catalogue, log: new LogView(store, tenant), partitions, tenant };
    sources.set(tenant, made);
    return made;
  };

  async function* observe(request: stream.ObserveRequest, tenant: string, signal: AbortSignal) {
    observers.inc();
    try {
      const answers = new Observation(sourceOf(tenant), request).run(AbortSignal.any([signal, stopping.signal]));
      for await (const answer of answers) {
        messages.inc({ part: answer.part?.$case ?? "none" });
        yield answer;
      }
    } finally {
      observers.dec();
    }
  }

  // There is one tenant.
  const live = analysis && new LiveAnalyses({ source: sourceOf("default"), ...analysis, log, metrics });

  const implementation: UntypedServiceImplementation = {
    observe: serverStream<stream.ObserveRequest, stream.ObserveResponse>(log, (request, { caller, signal }) =>
      observe(request, caller.tenant, signal),
    ),
  };
  return {
    name: "stream",
    services: [{ definition: stream.StreamServiceService, implementation }],
    stop: async () => {
      stopping.abort();
      await live?.stop();
    },
  };
}
