import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readAccepted } from "./accepted.ts";
import { isSessionFolder, seqOf } from "./layout.ts";
import { isSelf, judge, readOwner } from "./owner.ts";

/** Blocks that no server has, and of how many sessions. */
export interface Waiting {
  readonly blocks: number;
  readonly sessions: number;
}

/** All that wait below a folder of spools. Throws what the file system throws. */
export function waitingBlocks(root: string): Waiting {
  return sumOf(root, waitingOf);
}

/** Those of sessions whose process is proven gone: nobody brings them by itself. Throws what the file system throws. */
export function waitingOfDead(root: string): Waiting {
  return sumOf(root, (folder) => (isDead(folder) ? waitingOf(folder) : 0));
}

/** Those of these sessions. What cannot be read counts for nothing. */
export function waitingOfSessions(root: string, sessions: readonly string[]): number {
  return sessions.reduce((sum, session) => {
    try {
      return sum + waitingOf(join(root, session));
    } catch {
      return sum;
    }
  }, 0);
}

function sumOf(root: string, count: (folder: string) => number): Waiting {
  const counts = readdirSync(root)
    .filter(isSessionFolder)
    .map((session) => count(join(root, session)))
    .filter((blocks) => blocks > 0);
  return { blocks: counts.reduce((sum, blocks) => sum + blocks, 0), sessions: counts.length };
}

function isDead(folder: string): boolean {
  const found = readOwner(folder);
  return found !== undefined && judge(found.owner) === "dead";
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
