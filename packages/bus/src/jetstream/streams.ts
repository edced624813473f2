import { createHash, randomBytes } from "node:crypto";
import { WaywardError } from "@wayward/base";
import {
  DiscardPolicy,
  ErrorCode,
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

/** A stream that is there now. */
export interface Ensured {
  readonly info: StreamInfo;
  /** Made just now, by this process. */
  readonly isNew: boolean;
}

/** Codes of JetStream's answers to who makes a stream. */
const ACCOUNT_LIMIT = 10002;
const NO_PEERS = 10005;
const NO_STORAGE = 10047;
const NAME_IN_USE = 10058;
const REPLICAS_UNSUPPORTED = 10074;

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
export async function ensureStream(manager: JetStreamManager, settings: StreamSettings): Promise<Ensured> {
  // Tells a stream that was deleted and made anew within one clock tick apart.
  const config = { ...settings, metadata: { "wayward-creation": randomBytes(8).toString("hex") } };
  try {
    return { info: checked(await manager.streams.info(config.name), config), isNew: false };
  } catch (error) {
    if (!isApiError(error, 404)) throw busError(error);
  }
  try {
    return { info: await manager.streams.add(config), isNew: true };
  } catch (error) {
    // Another process was faster.
    if (errorCode(error) === NAME_IN_USE) {
      return { info: checked(await manager.streams.info(config.name), config), isNew: false };
    }
    throw tooSmall(error, settings) ?? busError(error);
  }
}

/** BUS_TOO_SMALL where the server says that it has no room or too few nodes: waiting changes neither. */
function tooSmall(error: unknown, { name, max_bytes, num_replicas }: StreamSettings): WaywardError | undefined {
  const code = errorCode(error);
  const why = error instanceof Error ? error.message : String(error);
  const make = (needs: string) =>
    new WaywardError("FAILED_PRECONDITION", "BUS_TOO_SMALL", `stream ${name} needs ${needs}: ${why}`, { cause: error });
  if (code === REPLICAS_UNSUPPORTED) return make(`${num_replicas} copies (WAYWARD_BUS_REPLICAS)`);
  if (code === NO_STORAGE || code === ACCOUNT_LIMIT || (code === NO_PEERS && why.includes("insufficient storage"))) {
    return make(`${max_bytes} bytes of storage (WAYWARD_BUS_BYTES for each partition) and nats-server has less left`);
  }
  return undefined;
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

function errorCode(error: unknown): number | undefined {
  return (error as NatsError).api_error?.err_code;
}

/** Whatever the library throws: BUS_DENIED where the server does not let this user do it, else BUS_UNAVAILABLE. */
export function busError(error: unknown): WaywardError {
  if (error instanceof WaywardError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if ((error as NatsError).code === ErrorCode.PermissionsViolation) {
    return new WaywardError("PERMISSION_DENIED", "BUS_DENIED", `JetStream: ${message}`, { cause: error });
  }
  return unavailable(message, error);
}

export function unavailable(why: string, cause?: unknown): WaywardError {
  return new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", `JetStream: ${why}`, { cause });
}
