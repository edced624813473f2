import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { AccessSettings } from "@wayward/access";
import { equalBytes } from "@wayward/base";
import { adoptIfDead, type Child, type Standing, type Watched } from "./adopt.ts";
import { Pusher, type ServerState } from "./push/pusher.ts";
import { Troubles } from "./push/troubles.ts";
import { descriptionIn } from "./spool/description.ts";
import { codeOf, makeOwnFolder } from "./spool/folder.ts";
import { isSessionFolder } from "./spool/layout.ts";
import { touch } from "./spool/owner.ts";
import { waitingOfSessions } from "./spool/waiting.ts";
import { SpoolWatch } from "./watch.ts";

export interface CollectOptions {
  /** Folder of all spools; made if it is not there. */
  readonly root: string;
  /** `host:port` of the ingest service, or `https://host:port`. */
  readonly address: string;
  /** Key and certificates; default: what the environment names. */
  readonly access?: AccessSettings | undefined;
  /** Ends collecting. */
  readonly signal: AbortSignal;
  /** End as soon as all that is there was accepted. */
  readonly once?: boolean;
  /** Push only sessions of this run (16 bytes), also when their program is gone; else all. */
  readonly run?: Uint8Array;
  /** A program of the run that the caller has started: how it ended goes into the end mark, if it did not write one. */
  readonly child?: Child | undefined;
  /** Push only sessions that this process writes, and those whose program is gone. */
  readonly own?: boolean;
  /** Bytes of blocks in one session's spool at most. Default 256 MiB. */
  readonly quotaBytes?: number;
  /** Hears what people should know. */
  readonly tell?: (message: string) => void;
  /** Hears whether the server can be reached, at each change, and if not, why, and whether that lasts until somebody does something. */
  readonly onServer?: (state: ServerState, problem: string, lasts: boolean) => void;
}

export interface Collected {
  /** Blocks that the server has not accepted. */
  readonly waiting: number;
  /** Why, where there are any. */
  readonly problem: string;
  /** Sessions of the run that were seen, in the order of their ids; empty where no run was given. */
  readonly sessions: readonly CollectedSession[];
}

export interface CollectedSession {
  readonly id: string;
  readonly name: string;
}

/** How often spools are looked at where no change is told. */
const LOOK_MS = 250;
/** Owners are judged less often: it reads files of other processes. */
const JUDGE_EVERY_MS = 1_000;

/** Pushes every spool below a folder, and ends those of programs that died, until the signal or, `once`, until all was accepted. */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { root, signal, once = false } = options;
  makeOwnFolder(root);
  const pusher = new Pusher(options);
  const watched = new SpoolWatch(root);
  const troubles = new Troubles(options.tell);
  const choice = new Choice(options, troubles);
  try {
    for (let sessions = list(root); !signal.aborted; sessions = listAgain(root, sessions, troubles)) {
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
  return { waiting: waitingAfter(pusher, root, choice), problem: pusher.problem, sessions: choice.seen };
}

/** A pusher sends again what one before it has brought and nobody has archived: only the spool tells how much the server has. */
function waitingAfter({ waiting }: Pusher, root: string, choice: Choice): number {
  if (waiting === 0) return 0;
  const sessions = list(root).filter((session) => choice.has(session));
  return waitingOfSessions(root, sessions) || waiting;
}

function list(root: string): string[] {
  return readdirSync(root).filter(isSessionFolder);
}

/** What it was before where the process has no file left to open, or the like: that passes. Throws where the folder is gone. */
function listAgain(root: string, before: string[], troubles: Troubles): string[] {
  const work = `list ${root}`;
  try {
    const sessions = list(root);
    troubles.passed(work);
    return sessions;
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw error;
    troubles.failed(work, error);
    return before;
  }
}

/** Which sessions are this collector's to push. */
class Choice {
  readonly #options: CollectOptions;
  readonly #standing = new Map<string, Standing>();
  readonly #ofRun = new Map<string, boolean>();
  /** Names of the run's sessions, also of those that are gone from the spool. */
  readonly #names = new Map<string, string>();
  readonly #watched = new Map<string, Watched>();
  readonly #troubles: Troubles;
  #judgedMs = Number.NEGATIVE_INFINITY;

  constructor(options: CollectOptions, troubles: Troubles) {
    this.#options = options;
    this.#troubles = troubles;
  }

  get seen(): CollectedSession[] {
    for (const session of this.#names.keys()) this.#name(session);
    return [...this.#names].map(([id, name]) => ({ id, name })).sort((a, b) => (a.id < b.id ? -1 : 1));
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
    for (const session of there) if (this.#names.has(session)) this.#name(session);
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
    const { run, root } = this.#options;
    if (run === undefined) return true;
    const known = this.#ofRun.get(session);
    if (known !== undefined) return known;
    const its = descriptionIn(join(root, session));
    if (its === undefined) return false;
    const isOfRun = equalBytes(its.run, run);
    this.#ofRun.set(session, isOfRun);
    if (isOfRun) this.#names.set(session, its.name);
    return isOfRun;
  }

  /** A program may name its session after it has begun, as long as there is no block. */
  #name(session: string): void {
    const name = descriptionIn(join(this.#options.root, session))?.name;
    if (name !== undefined) this.#names.set(session, name);
  }

  #judgeOne(session: string, nowMs: number): void {
    const folder = join(this.#options.root, session);
    const work = `see to the writer of ${folder}`;
    const known = this.#standing.get(session);
    try {
      // A program that computes for long does not come to say so itself.
      if (known?.type === "own") touch(folder, 0);
      else if (known?.type === "adopted") touch(folder, known.generation);
      else {
        const child = this.#options.run !== undefined && this.#isNoStranger(session) ? this.#options.child : undefined;
        this.#standing.set(session, adoptIfDead(folder, session, this.#watched, nowMs, child));
      }
      this.#troubles.passed(work);
    } catch (error) {
      if (codeOf(error) === "ENOENT") this.#troubles.passed(work);
      else this.#troubles.failed(work, error);
    }
  }
}
