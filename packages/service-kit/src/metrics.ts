import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Makes the metrics of one process. Names are `wayward_<service>_<what>_<unit>`. */
export interface Metrics {
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string = never>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly L[],
  ): Histogram<L>;
  /** All of them in the Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(options: { readonly process?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.process === true) collectDefaultMetrics({ register: registry, prefix: "wayward_" });
  const base = <L extends string>(name: string, help: string, labels: readonly L[] = []) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    counter: (name, help, labels) => new Counter(base(name, help, labels)),
    gauge: (name, help, labels) => new Gauge(base(name, help, labels)),
    histogram: (name, help, buckets, labels) => new Histogram({ ...base(name, help, labels), buckets: [...buckets] }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
