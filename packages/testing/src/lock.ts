import { DatabaseSync } from "node:sqlite";
import { delay } from "@wayward/base";
import type { Say } from "./obtain.ts";

const POLL_MS = 500;
const TELL_MS = 20_000;
/** Longer than all ways to get a program may take together, on a machine under load. */
const WAIT_MS = 3_600_000;
/** SQLite's code of a file that another has locked. */
const SQLITE_BUSY = 5;

/**
 * Runs `work` while no other process holds the lock, waiting as long as its
 * holder lives: the lock is SQLite's on an empty file, which the system gives
 * back when a process ends. Throws after `waitMs`.
 */
export async function withLock<T>(path: string, say: Say, work: () => Promise<T>, waitMs = WAIT_MS): Promise<T> {
  const database = new DatabaseSync(path);
  try {
    const begun = performance.now();
    for (let toldMs = Number.NEGATIVE_INFINITY; !take(database); await delay(POLL_MS)) {
      const waited = performance.now() - begun;
      if (waited >= waitMs) throw new Error(`${path}: another process has held it for ${waited.toFixed(0)} ms`);
      if (waited - toldMs < TELL_MS) continue;
      say(`another process works on ${path}: waiting for ${(waited / 1000).toFixed(0)} s`);
      toldMs = waited;
    }
    return await work();
  } finally {
    database.close();
  }
}

function take(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    // Under Jest an error of the system is not of this realm's class Error.
    if (typeof error === "object" && error !== null && "errcode" in error && error.errcode === SQLITE_BUSY)
      return false;
    throw error;
  }
}
