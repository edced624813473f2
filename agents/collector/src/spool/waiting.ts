import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readAccepted } from "./accepted.ts";
import { isSessionFolder, seqOf } from "./layout.ts";

/** Blocks below a folder of spools that no server has, and of how many sessions. Throws what the file system throws. */
export function waitingBlocks(root: string): { readonly blocks: number; readonly sessions: number } {
  const counts = readdirSync(root)
    .filter(isSessionFolder)
    .map((session) => waitingOf(join(root, session)))
    .filter((count) => count > 0);
  return { blocks: counts.reduce((sum, count) => sum + count, 0), sessions: counts.length };
}

function waitingOf(folder: string): number {
  const accepted = readAccepted(folder);
  const seqs = readdirSync(folder).map(seqOf);
  return seqs.filter((seq) => seq !== undefined && seq > accepted).length;
}
