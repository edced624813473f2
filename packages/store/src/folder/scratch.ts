import { randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of a name, as hex; beside such files only the lock lies there. */
const NAME_BYTES = 12;
const NAME = new RegExp(`^[0-9a-f]{${2 * NAME_BYTES}}$`);

/** A file that was written last so long ago has no writer. One that was only held up loses a write, and makes it again. */
const ABANDONED_MS = 3_600_000;

/** Of a file that is being written. */
export function scratchName(): string {
  return randomBytes(NAME_BYTES).toString("hex");
}

/** Removes what writers left that were killed; others may write into the folder meanwhile. What cannot be removed stays. */
export async function sweepScratch(folder: string): Promise<void> {
  const abandoned = Date.now() - ABANDONED_MS;
  for (const name of await readdir(folder)) {
    if (!NAME.test(name)) continue;
    const path = join(folder, name);
    try {
      if ((await stat(path)).mtimeMs < abandoned) await rm(path);
    } catch {
      // Its writer, or another who sweeps, was faster; or it is somebody else's.
    }
  }
}
