import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** The system's code of an error, such as ENOENT; undefined for others. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
}

/** Undefined for a file that is not there; throws every other error. */
export function ifThere(error: unknown): undefined {
  if (codeOf(error) === "ENOENT") return undefined;
  throw error;
}

/**
 * Makes a folder for this user only, with those above it, unless it is there.
 * Throws what the file system throws. Node's own `recursive` never returns
 * where a folder that exists answers ENOENT, as /proc does (seen on Node 24).
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === "EEXIST" && statSync(path).isDirectory()) return;
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}
