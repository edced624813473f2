import { types } from "node:util";
import { delay } from "@wayward/base";

const RETRY_MS = 5;
/** SQLite's code of a file that another has locked. */
const SQLITE_BUSY = 5;

/**
 * Runs `work` while nobody else on this machine holds the lock. The lock is
 * SQLite's on an empty file, so the system gives it back when its holder dies
 * and nobody has to decide whether one is abandoned.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  // Who only reads needs none of it.
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path);
  try {
    while (!take(database)) await delay(RETRY_MS);
    return await work();
  } finally {
    database.close();
  }
}

function take(database: { exec(sql: string): void }): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (types.isNativeError(error) && "errcode" in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
