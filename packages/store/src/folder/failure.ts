import { types } from "node:util";
import { WaywardError } from "@wayward/base";

/** True for a system error of this code, such as ENOENT. */
export function isCode(error: unknown, code: string): boolean {
  return types.isNativeError(error) && "code" in error && error.code === code;
}

/** A system error as the store's: STORE_FULL where the disk is, else STORE_UNUSABLE. */
export function storeError(error: unknown, subject: string): WaywardError {
  if (error instanceof WaywardError) return error;
  const message = types.isNativeError(error) ? error.message : String(error);
  if (isCode(error, "ENOSPC") || isCode(error, "EDQUOT")) {
    return new WaywardError("RESOURCE_EXHAUSTED", "STORE_FULL", `${subject}: the disk is full (${message})`, {
      cause: error,
    });
  }
  return new WaywardError("UNAVAILABLE", "STORE_UNUSABLE", `${subject}: ${message}`, { cause: error });
}
