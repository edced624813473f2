import { WaywardError } from "@wayward/base";
import type { StreamInfo } from "nats";
import type { StreamLimits } from "./streams.ts";
import { isPartitionStream } from "./subjects.ts";

/** What of a stream is compared with the settings. */
export type Made = { readonly config: Pick<StreamInfo["config"], "name" | "max_bytes" | "num_replicas"> };

/**
 * Sentences for what present streams have otherwise than it is set: settings
 * hold for new streams, and present ones stay as they were made.
 */
export function streamDifferences(streams: readonly Made[], { maxBytes, replicas }: StreamLimits): string[] {
  const partitions = streams.filter(({ config }) => isPartitionStream(config.name));
  return [
    ...differing(partitions, "max_bytes", maxBytes, "WAYWARD_BUS_BYTES"),
    ...differing(streams, "num_replicas", replicas, "WAYWARD_BUS_REPLICAS"),
  ];
}

/** Throws BUS_NOT_DURABLE where a stream has fewer copies than are set. */
export function requireReplicas(streams: readonly Made[], replicas: number): void {
  const fewer = streams.find(({ config }) => config.num_replicas < replicas);
  if (fewer === undefined) return;
  const { name, num_replicas: got } = fewer.config;
  const message = `durability is required, but stream ${name} has ${got} copies, ${replicas} are set (WAYWARD_BUS_REPLICAS)`;
  throw new WaywardError("FAILED_PRECONDITION", "BUS_NOT_DURABLE", message, {
    facts: { subject: name, got, limit: replicas },
  });
}

/** One sentence for all streams with the same other value. */
function differing(
  streams: readonly Made[],
  field: "max_bytes" | "num_replicas",
  wanted: number,
  setting: string,
): string[] {
  const others = Map.groupBy(
    streams.filter(({ config }) => config[field] !== wanted),
    ({ config }) => config[field],
  );
  return [...others].map(([value, some]) => {
    const [first, ...more] = some.map(({ config }) => config.name);
    const names = more.length === 0 ? `stream ${first} has` : `stream ${first} and ${more.length} more have`;
    return `${names} ${field} ${value}, ${setting} is ${wanted}: it holds for new streams, present ones change by \`nats stream edit\``;
  });
}
