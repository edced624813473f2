import { mkdirSync, watch } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "@wayward/base";
import { adoptIfDead, readDescription, type Watched } from "./adopt.ts";
import { Pusher } from "./push/pusher.ts";
import { isSessionFolder } from "./spool/layout.ts";

export interface CollectOptions {
  /** Folder of all spools; made if it is not there. */
  readonly root: string;
  /** `host:port` of the ingest service. */
  readonly address: string;
  /** Ends collecting. */
  readonly signal: AbortSignal;
  /** End as soon as all that is there was accepted. */
  readonly once?: boolean;
  /** Push only sessions of this run (16 bytes), and those whose program is gone; else all. */
  readonly run?: Uint8Array;
  readonly tell?: (message: string) => void;
}

export interface Collected {
  /** Blocks that the server has not accepted. */
  readonly waiting: number;
  /** Why, where there are any. */
  readonly problem: string;
}

/** How often spools are looked at where no change is told. */
const LOOK_MS = 250;
/** Owners are judged less often: it reads files of other processes. */
const JUDGE_EVERY_MS = 1_000;

/** Pushes every spool below a folder, and ends those of programs that died, until the signal or, `once`, until all was accepted. */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { root, address, signal, once = false, tell } = options;
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const pusher = new Pusher({ root, address, ...(tell === undefined ? {} : { tell }) });
  const watched = new Map<string, Watched>();
  const done = new Set<string>();
  let judgedMs = Number.NEGATIVE_INFINITY;
  const changed = watchFolder(root, signal);
  try {
    while (!signal.aborted) {
      const judging = performance.now() - judgedMs > JUDGE_EVERY_MS;
      if (judging) judgedMs = performance.now();
      for (const session of (await readdir(root)).filter(isSessionFolder)) {
        if (judging && !done.has(session) && tryAdopt(root, session, watched, tell)) done.add(session);
        if (done.has(session) || isOf(options.run, join(root, session))) await pusher.scan(session);
      }
      if (once && pusher.isDrained) break;
      await Promise.race([changed(), delay(LOOK_MS, signal)]);
    }
  } finally {
    await pusher.close();
  }
  return { waiting: pusher.waiting, problem: pusher.problem };
}

/** True if the session belongs to the run; an unreadable description belongs to none. */
function isOf(run: Uint8Array | undefined, folder: string): boolean {
  return run === undefined || Buffer.compare(readDescription(folder).run, run) === 0;
}

function tryAdopt(
  root: string,
  session: string,
  watched: Map<string, Watched>,
  tell?: (message: string) => void,
): boolean {
  try {
    return adoptIfDead(join(root, session), session, watched, performance.now());
  } catch (error) {
    tell?.(`spool ${session} cannot be looked at: ${error}`);
    return false;
  }
}

/** Resolves at the next change below the folder. Best effort: looking now and then is what counts. */
function watchFolder(root: string, signal: AbortSignal): () => Promise<void> {
  let wake = () => {};
  try {
    const watcher = watch(root, { recursive: true, persistent: false, signal }, () => wake());
    watcher.on("error", () => {});
  } catch {
    return () => new Promise(() => {});
  }
  return () =>
    new Promise((resolve) => {
      wake = resolve;
    });
}
