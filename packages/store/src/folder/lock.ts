import { open, readFile, rm } from "node:fs/promises";
import { delay } from "@wayward/base";
import { isCode } from "./failure.ts";

const RETRY_MS = 5;
/** A lock without a readable owner is taken to be abandoned after this time. */
const ORPHANED_AFTER_MS = 5_000;

/** Runs `work` while no other process of this machine holds the lock file. One whose owner died is broken. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const since = Date.now();
  while (!(await take(path))) {
    if (await isAbandoned(path, Date.now() - since)) await rm(path, { force: true });
    else await delay(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    try {
      await file.write(String(process.pid));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function isAbandoned(path: string, waitedMs: number): Promise<boolean> {
  let owner: number;
  try {
    owner = Number(await readFile(path, "utf8"));
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
  if (!(owner > 0)) return waitedMs > ORPHANED_AFTER_MS;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return isCode(error, "ESRCH");
  }
}
