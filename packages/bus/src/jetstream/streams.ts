import { createHash, randomBytes } from "node:crypto";
import { WaywardError } from "@wayward/base";
import {
  DiscardPolicy,
  type JetStreamManager,
  type NatsError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "nats";
import { EXPIRE_AFTER_MS } from "../names.ts";
import {
  partitionSubject,
  streamName,
  TOPICS_STREAM,
  TOPICS_SUBJECT,
  WATERMARKS_STREAM,
  WATERMARKS_SUBJECT,
} from "./subjects.ts";

/** A consumer dies with the node that leads its stream, and nobody tells: after two missing beats it is given up. */
export const HEARTBEAT_MS = 1_000;

export interface StreamLimits {
  /** Bytes of each partition. */
  readonly maxBytes: number;
  readonly replicas: number;
}

const TOPICS_BYTES = 64 * 1024 * 1024;

/** Fields of a stream that the library does not know yet. */
export type StreamSettings = Partial<StreamConfig> & { readonly name: string; readonly allow_atomic?: boolean };

/** The stream of each partition. */
export function partitionStreams(partitions: number, limits: StreamLimits): StreamSettings[] {
  return Array.from({ length: partitions }, (_, partition) => partitionConfig(partition, limits));
}

/** The streams of the last-value topics. */
export function topicStreams({ replicas }: StreamLimits): StreamSettings[] {
  const common = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_msgs_per_subject: 1,
    num_replicas: replicas,
    max_bytes: TOPICS_BYTES,
  };
  const maxAge = EXPIRE_AFTER_MS * 1e6;
  return [
    // A lease or a setting is never pushed out by another one.
    { ...common, name: TOPICS_STREAM, subjects: [TOPICS_SUBJECT], discard: DiscardPolicy.New, max_age: 0 },
    { ...common, name: WATERMARKS_STREAM, subjects: [WATERMARKS_SUBJECT], discard: DiscardPolicy.Old, max_age: maxAge },
  ];
}

function partitionConfig(partition: number, { maxBytes, replicas }: StreamLimits): StreamSettings {
  return {
    name: streamName(partition),
    subjects: [partitionSubject(partition)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_age: 0,
    max_bytes: maxBytes,
    num_replicas: replicas,
    allow_atomic: true,
  };
}

/** Makes the stream where there is none. */
export async function ensureStream(manager: JetStreamManager, settings: StreamSettings): Promise<StreamInfo> {
  // Tells a stream that was deleted and made anew within one clock tick apart.
  const config = { ...settings, metadata: { "wayward-creation": randomBytes(8).toString("hex") } };
  try {
    return checked(await manager.streams.info(config.name), config);
  } catch (error) {
    if (!isApiError(error, 404)) throw busError(error);
  }
  try {
    return await manager.streams.add(config);
  } catch (error) {
    // Another process was faster.
    if (isApiError(error, 400)) return checked(await manager.streams.info(config.name), config);
    throw busError(error);
  }
}

/** What an operator changed and nobody may: messages that go by age or are pushed out would be lost. */
function checked(info: StreamInfo, wanted: StreamSettings): StreamInfo {
  for (const field of ["storage", "retention", "discard", "max_age"] as const) {
    const got = info.config[field] ?? 0;
    if (got === wanted[field]) continue;
    const message = `stream ${wanted.name} has ${field} ${got}, ${wanted[field]} is needed`;
    throw new WaywardError("FAILED_PRECONDITION", "BUS_MISCONFIGURED", message);
  }
  return info;
}

/** Names this creation of the stream. */
export function creationOf({ created, config }: StreamInfo): string {
  const creation = `${created} ${config.metadata?.["wayward-creation"] ?? ""}`;
  return createHash("sha256").update(creation).digest("hex").slice(0, 16);
}

export function isApiError(error: unknown, status: number): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "api_error" in error &&
    (error as NatsError).api_error?.code === status
  );
}

/** Whatever the library throws, as BUS_UNAVAILABLE. */
export function busError(error: unknown): WaywardError {
  if (error instanceof WaywardError) return error;
  return unavailable(error instanceof Error ? error.message : String(error), error);
}

export function unavailable(why: string, cause?: unknown): WaywardError {
  return new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", `JetStream: ${why}`, { cause });
}
