import { WaywardError } from "@wayward/base";
import { errorFacts, type Log, type Metrics, Seldom } from "@wayward/service-kit";
import type { Answer } from "./core/types.ts";

/** A synced write takes about a millisecond on a good disk; after 5 s the bus counts as gone. */
const SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export type IngestEvents = ReturnType<typeof ingestEvents>;

/** What happens in this service that an operator counts or reads about: metric and log line in one place. */
export function ingestEvents(metrics: Metrics, log: Log) {
  const blocks = metrics.counter("wayward_ingest_blocks_total", "Blocks by the answer they got", ["result"]);
  const bytes = metrics.counter("wayward_ingest_accepted_bytes_total", "Bytes of blocks that the bus acknowledged");
  const seconds = metrics.histogram(
    "wayward_ingest_bus_seconds",
    "From a block's arrival to the bus's answer",
    SECONDS,
  );
  const inFlight = metrics.gauge("wayward_ingest_in_flight_bytes", "Bytes on their way to the bus");
  const streams = metrics.gauge("wayward_ingest_streams", "Open push streams");
  // Found by their labels once, not for each block.
  const accepted = blocks.labels({ result: "accepted" });
  // The first one of them is an increase too, and can be one only from 0.
  for (const result of ["refused", "retry"]) blocks.inc({ result }, 0);
  const told = new Seldom();
  return {
    /** The bus has the block, whether or not its pusher is still there to hear of it. */
    accepted(length: number, tookMs: number): void {
      accepted.inc();
      seconds.observe(tookMs / 1000);
      bytes.inc(length);
    },
    answered({ $case }: Answer): void {
      if ($case === "refused" || $case === "retry") blocks.inc({ result: $case });
    },
    /** A full or absent bus refuses every block that comes: a line a minute for each reason. Anything else is to be looked at. */
    notPublished(error: unknown): void {
      const { code, reason } = WaywardError.from(error);
      if (code !== "RESOURCE_EXHAUSTED" && code !== "UNAVAILABLE") {
        log.error("a block could not be published", errorFacts(error));
        return;
      }
      const since = told.next(reason, performance.now());
      if (since === undefined) return;
      const more = since === 0 ? {} : { sinceLastLine: since };
      log.warn("the bus does not take a block; its agent keeps it", { ...errorFacts(error), ...more });
    },
    load(bytesInFlight: number, open: number): void {
      inFlight.set(bytesInFlight);
      streams.set(open);
    },
  };
}
