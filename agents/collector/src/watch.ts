import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { isSessionFolder, seqOf } from "./spool/layout.ts";

/** Folders that are watched one by one; the others are looked at now and then. */
const WATCHES_MAX = 256;

/**
 * Tells of new sessions in a spool root and of new blocks in the folders asked
 * for. Best effort: looking now and then is what counts. Folders are watched
 * one by one: Node 20 watches a tree by reading all of it.
 */
export class SpoolWatch {
  readonly #root: string;
  readonly #watchers = new Map<string, FSWatcher>();
  #wake: (() => void) | undefined;
  #changed = false;

  constructor(root: string) {
    this.#root = root;
    this.#add("");
  }

  /** Watches a session's folder. */
  add(session: string): void {
    if (!this.#watchers.has(session) && this.#watchers.size <= WATCHES_MAX) this.#add(session);
  }

  remove(session: string): void {
    this.#watchers.get(session)?.close();
    this.#watchers.delete(session);
  }

  /** Resolves at the next change, at once if there was one since the last call, when the time is over or the signal aborts. */
  changed(withinMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        this.#wake = undefined;
        this.#changed = false;
        resolve();
      };
      const timer = setTimeout(finish, withinMs);
      if (this.#changed || signal.aborted) finish();
      else {
        this.#wake = finish;
        signal.addEventListener("abort", finish);
      }
    });
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(session: string): void {
    try {
      const watcher = watch(join(this.#root, session), { persistent: false }, (_, name) => {
        if (name === null || isSessionFolder(name) || seqOf(name) !== undefined) this.#tell();
      });
      watcher.on("error", () => this.remove(session));
      this.#watchers.set(session, watcher);
    } catch {
      // Too many watches, or the folder is gone.
    }
  }

  #tell(): void {
    this.#changed = true;
    this.#wake?.();
  }
}
