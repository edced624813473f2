import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { types } from "node:util";

/**
 * Makes a folder with those above it, unless it is there; gives the uppermost
 * that is new. Throws what the file system throws. Node's own `recursive`
 * never returns where a folder that exists answers ENOENT, as /proc does
 * (seen on Node 24).
 */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  try {
    return makeOne(path, mode);
  } catch (error) {
    if (!isCode(error, "ENOENT") || dirname(path) === path) throw error;
  }
  const above = makeFolder(dirname(path), mode);
  const own = makeOne(path, mode);
  return above ?? own;
}

/** Undefined where it is there already. */
function makeOne(path: string, mode: number): string | undefined {
  try {
    mkdirSync(path, { mode });
    return path;
  } catch (error) {
    if (isCode(error, "EEXIST") && statSync(path).isDirectory()) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return types.isNativeError(error) && "code" in error && error.code === code;
}
