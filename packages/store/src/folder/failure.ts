import { types } from "node:util";
import { WaywardError } from "@wayward/base";

/** True for a system error of this code, such as ENOENT. */
export function isCode(error: unknown, code: string): boolean {
  return types.isNativeError(error) && "code" in error && error.code === code;
}

/** The disk, its quota or the largest size of a file is reached. */
const FULL = ["ENOSPC", "EDQUOT", "EFBIG"];

/** A system error as the store's: STORE_FULL where no more fits, else STORE_UNUSABLE. */
export function storeError(error: unknown, subject: string): WaywardError {
  if (error instanceof WaywardError) return error;
  const message = types.isNativeError(error) ? error.message : String(error);
  if (FULL.some((code) => isCode(error, code))) {
    return new WaywardError("RESOURCE_EXHAUSTED", "STORE_FULL", `${subject}: the disk takes no more (${message})`, {
      cause: error,
    });
  }
  return new WaywardError("UNAVAILABLE", "STORE_UNUSABLE", `${subject}: ${message}`, { cause: error });
}
