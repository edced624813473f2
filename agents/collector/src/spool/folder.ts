import { makeFolder } from "@wayward/base";

/** The system's code of an error, such as ENOENT; undefined for others. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
}

/** Undefined for a file that is not there; throws every other error. */
export function ifThere(error: unknown): undefined {
  if (codeOf(error) === "ENOENT") return undefined;
  throw error;
}

/** Makes a folder for this user only, with those above it, unless it is there. Throws what the file system throws. */
export function makeOwnFolder(path: string): void {
  makeFolder(path, 0o700);
}
