import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCEPTED } from "./layout.ts";

/** Says up to which seq the server has everything. Best effort: the folder may be gone. */
export function writeAccepted(folder: string, upTo: bigint): void {
  const path = join(folder, ACCEPTED);
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, String(upTo), { mode: 0o600 });
    renameSync(draft, path);
  } catch {
    // A full disk, or the session was discarded; the next one says it again.
  }
}

/** The seq up to which a pusher saw everything accepted; -1 if it told nothing. */
export function readAccepted(folder: string): bigint {
  try {
    return BigInt(readFileSync(join(folder, ACCEPTED), "utf8").trim());
  } catch {
    return -1n;
  }
}
