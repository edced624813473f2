import type { Metrics } from "./metrics.ts";

/** What an installation is made of: each the work of some processes, or all of one. */
const SERVICES = ["ingest", "archive", "query", "stream"] as const;

/**
 * Tells which services this process is, from its start on, and which it is
 * not: so that whoever sees some processes of an installation knows what is
 * missing among them.
 */
export function tellServed(metrics: Metrics, served: readonly string[] = SERVICES): void {
  const gauge = metrics.gauge("wayward_serves", "1 for each service that this process is, 0 for the others", [
    "service",
  ]);
  for (const service of SERVICES) gauge.set({ service }, served.includes(service) ? 1 : 0);
}
