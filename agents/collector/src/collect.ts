import { readdirSync } from "node:fs";
import { join } from "node:path";
import { equalBytes } from "@wayward/base";
import { adoptIfDead, readRun, type Standing, type Watched } from "./adopt.ts";
import { Pusher, type ServerState } from "./push/pusher.ts";
import { codeOf, makeFolder } from "./spool/folder.ts";
import { isSessionFolder } from "./spool/layout.ts";
import { touch } from "./spool/owner.ts";
import { SpoolWatch } from "./watch.ts";

export interface CollectOptions {
  /** Folder of all spools; made if it is not there. */
  readonly root: string;
  /** `host:port` of the ingest service. */
  readonly address: string;
  /** Ends collecting. */
  readonly signal: AbortSignal;
  /** End as soon as all that is there was accepted. */
  readonly once?: boolean;
  /** Push only sessions of this run (16 bytes), also when their program is gone; else all. */
  readonly run?: Uint8Array;
  /** Push only sessions that this process writes, and those whose program is gone. */
  readonly own?: boolean;
  /** Bytes of blocks in one session's spool at most. Default 256 MiB. */
  readonly quotaBytes?: number;
  /** Hears what people should know. */
  readonly tell?: (message: string) => void;
  /** Hears whether the server can be reached, at each change. */
  readonly onServer?: (state: ServerState) => void;
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
  const { root, signal, once = false } = options;
  makeFolder(root);
  const pusher = new Pusher(options);
  const watched = new SpoolWatch(root);
  const choice = new Choice(options);
  try {
    while (!signal.aborted) {
      const sessions = readdirSync(root).filter(isSessionFolder);
      choice.judge(sessions, performance.now());
      for (const session of sessions) {
        if (!choice.has(session)) continue;
        watched.add(session);
        if (!(await pusher.scan(session))) watched.remove(session);
      }
      if (once && pusher.isDrained) break;
      await watched.changed(LOOK_MS, signal);
    }
  } finally {
    watched.close();
    await pusher.close();
  }
  return { waiting: pusher.waiting, problem: pusher.problem };
}

/** Which sessions are this collector's to push. */
class Choice {
  readonly #options: CollectOptions;
  readonly #standing = new Map<string, Standing>();
  readonly #ofRun = new Map<string, boolean>();
  readonly #watched = new Map<string, Watched>();
  #judgedMs = Number.NEGATIVE_INFINITY;

  constructor(options: CollectOptions) {
    this.#options = options;
  }

  /** Looks whose the spools are, once a second, and says of those that are ours that somebody is here. */
  judge(sessions: readonly string[], nowMs: number): void {
    const all = nowMs - this.#judgedMs > JUDGE_EVERY_MS;
    for (const session of sessions) {
      if ((all || !this.#standing.has(session)) && this.#isNoStranger(session)) this.#judgeOne(session, nowMs);
    }
    if (!all) return;
    this.#judgedMs = nowMs;
    const there = new Set(sessions);
    for (const known of [this.#standing, this.#ofRun, this.#watched]) {
      for (const session of known.keys()) if (!there.has(session)) known.delete(session);
    }
  }

  has(session: string): boolean {
    const { run, own = false } = this.#options;
    if (run !== undefined) return this.#isNoStranger(session);
    return !own || (this.#standing.get(session)?.type ?? "others") !== "others";
  }

  /** A stranger's spool is for another server, as far as anyone here knows, however dead its program is. */
  #isNoStranger(session: string): boolean {
    const { root, run } = this.#options;
    if (run === undefined) return true;
    const known = this.#ofRun.get(session);
    if (known !== undefined) return known;
    const its = readRun(join(root, session));
    if (its === undefined) return false;
    this.#ofRun.set(session, equalBytes(its, run));
    return equalBytes(its, run);
  }

  #judgeOne(session: string, nowMs: number): void {
    const folder = join(this.#options.root, session);
    const known = this.#standing.get(session);
    try {
      // A program that computes for long does not come to say so itself.
      if (known?.type === "own") touch(folder, 0);
      else if (known?.type === "adopted") touch(folder, known.generation);
      else {
        const standing = adoptIfDead(folder, session, this.#watched, nowMs);
        if (standing !== undefined) this.#standing.set(session, standing);
      }
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      this.#options.tell?.(`spool ${session} cannot be looked at: ${error}`);
    }
  }
}
