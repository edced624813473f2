import { types } from "node:util";
import { S3ServiceException } from "@aws-sdk/client-s3";
import { WaywardError } from "@wayward/base";

/** No such key. */
export function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === "NoSuchKey" || error.name === "NotFound");
}

/**
 * The condition did not hold. 409 is AWS's answer to two conditional writes
 * at once: one of them won, and whoever asks reads which.
 */
export function isConflict(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  const status = error.$metadata.httpStatusCode;
  return status === 412 || status === 409 || error.name === "PreconditionFailed";
}

export function isRange(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 416;
}

/** No connection in time, or no byte for too long. The SDK calls a lost connection a TimeoutError too, but leaves its code. */
export function isSilence(error: unknown): error is Error {
  return types.isNativeError(error) && error.name === "TimeoutError" && !("code" in error);
}

/** STORE_UNUSABLE without the SDK's error as its cause, by which the SDK would try again. */
export function silenceError({ message }: Error, subject: string): WaywardError {
  const why = message.replace(/^@smithy\S* - /, "");
  return new WaywardError("UNAVAILABLE", "STORE_UNUSABLE", `${subject} does not answer: ${why}`);
}

const FULL = new Set(["QuotaExceeded", "StorageFull", "EntityTooLarge", "InsufficientStorage"]);

/** Not every server says 403 to a key that it does not know. */
const DENIED = new Set(["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "XAdminUserNotFound"]);

/** BAD_DIGEST, STORE_FULL, STORE_DENIED, NO_BUCKET, or STORE_UNUSABLE for what may pass. */
export function s3Error(error: unknown, subject: string): WaywardError {
  if (error instanceof WaywardError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const make = (
    code: "DATA_LOSS" | "RESOURCE_EXHAUSTED" | "PERMISSION_DENIED" | "NOT_FOUND" | "UNAVAILABLE",
    reason: string,
  ) => new WaywardError(code, reason, `${subject}: ${message}`, { cause: error });
  if (!(error instanceof S3ServiceException)) return make("UNAVAILABLE", "STORE_UNUSABLE");
  const status = error.$metadata.httpStatusCode;
  if (/BadDigest|Checksum|SHA256Mismatch/i.test(error.name)) return make("DATA_LOSS", "BAD_DIGEST");
  if (FULL.has(error.name) || status === 507) return make("RESOURCE_EXHAUSTED", "STORE_FULL");
  if (status === 403 || DENIED.has(error.name)) return make("PERMISSION_DENIED", "STORE_DENIED");
  if (error.name === "NoSuchBucket") return make("NOT_FOUND", "NO_BUCKET");
  return make("UNAVAILABLE", "STORE_UNUSABLE");
}
