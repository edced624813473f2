import { WaywardError } from "@wayward/base";
import { errorFacts, type Log, type Metrics } from "@wayward/service-kit";
import type { Answer } from "./core/types.ts";

export type IngestEvents = ReturnType<typeof ingestEvents>;

/** What happens in this service that an operator counts or reads about: metric and log line in one place. */
export function ingestEvents(metrics: Metrics, log: Log) {
  const blocks = metrics.counter("wayward_ingest_blocks_total", "Blocks by the answer they got", ["result"]);
  const bytes = metrics.counter("wayward_ingest_accepted_bytes_total", "Bytes of blocks that the bus acknowledged");
  const inFlight = metrics.gauge("wayward_ingest_in_flight_bytes", "Bytes on their way to the bus");
  const streams = metrics.gauge("wayward_ingest_streams", "Open push streams");
  // Found by their labels once, not for each block.
  const accepted = blocks.labels({ result: "accepted" });
  return {
    /** The bus has the block, whether or not its pusher is still there to hear of it. */
    accepted(length: number): void {
      accepted.inc();
      bytes.inc(length);
    },
    answered({ $case }: Answer): void {
      if ($case === "refused" || $case === "retry") blocks.inc({ result: $case });
    },
    /** A full or absent bus shows in the counts; anything else is to be looked at. */
    notPublished(error: unknown): void {
      if (error instanceof WaywardError && (error.code === "RESOURCE_EXHAUSTED" || error.code === "UNAVAILABLE"))
        return;
      log.error("a block could not be published", errorFacts(error));
    },
    load(bytesInFlight: number, open: number): void {
      inFlight.set(bytesInFlight);
      streams.set(open);
    },
  };
}
