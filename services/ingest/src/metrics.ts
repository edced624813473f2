import type { Metrics } from "@wayward/service-kit";

export type IngestMetrics = ReturnType<typeof ingestMetrics>;

/** What the ingest service counts. */
export function ingestMetrics(metrics: Metrics) {
  return {
    blocks: metrics.counter("wayward_ingest_blocks_total", "Blocks by what became of them", ["result"]),
    bytes: metrics.counter("wayward_ingest_accepted_bytes_total", "Bytes of blocks that the bus acknowledged"),
    inFlight: metrics.gauge("wayward_ingest_in_flight_bytes", "Bytes on their way to the bus"),
    streams: metrics.gauge("wayward_ingest_streams", "Open push streams"),
  };
}
