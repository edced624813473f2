import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readAccepted } from "./accepted.ts";
import { isSessionFolder, seqOf } from "./layout.ts";
import { isSelf, readOwner } from "./owner.ts";

/** Blocks below a folder of spools that no server has, and of how many sessions. Throws what the file system throws. */
export function waitingBlocks(root: string): { readonly blocks: number; readonly sessions: number } {
  const counts = readdirSync(root)
    .filter(isSessionFolder)
    .map((session) => waitingOf(join(root, session)))
    .filter((count) => count > 0);
  return { blocks: counts.reduce((sum, count) => sum + count, 0), sessions: counts.length };
}

/**
 * Blocks that no server has of spools that this process writes and whose
 * sessions began after this one: those of its worker threads. What cannot be
 * read counts for nothing: a program asks this as it ends, which must not
 * change how it does.
 */
export function waitingOfThreads(root: string, after: string): number {
  try {
    const began = readdirSync(root).filter((name) => isSessionFolder(name) && name > after);
    return began.reduce((sum, session) => sum + waitingIfOwn(join(root, session)), 0);
  } catch {
    return 0;
  }
}

function waitingIfOwn(folder: string): number {
  try {
    const found = readOwner(folder);
    return found !== undefined && isSelf(found.owner) ? waitingOf(folder) : 0;
  } catch {
    // It went as it was looked at: all of it is archived.
    return 0;
  }
}

function waitingOf(folder: string): number {
  const accepted = readAccepted(folder);
  const seqs = readdirSync(folder).map(seqOf);
  return seqs.filter((seq) => seq !== undefined && seq > accepted).length;
}
