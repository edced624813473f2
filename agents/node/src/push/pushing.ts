import { basename, dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { type Spool, waitingOfThreads } from "@wayward/collector";
import { tellWaiting, tellWaitingOfThreads } from "../delivered.ts";
import { tell } from "../tell.ts";
import { type PushJob, SERVER } from "./job.ts";
import { workerPath } from "./worker-path.ts";

/** How often the end of a process looks whether all was accepted. */
const LOOK_MS = 5;
/** The pusher's own memory; blocks are outside its heap. */
const HEAP_MB = 128;
/** After so long a pusher that failed is begun again, the first time, the second and so on; then no more: each costs the process a start. */
const PAUSES_MS = [1_000, 5_000, 20_000, 60_000, 300_000];
/** One that has lived so long before it failed counts as the first that fails. */
const STEADY_MS = 600_000;

/**
 * This process's pusher, a thread of its own: the program's thread never
 * loads gRPC and never waits for a server, but for the bounded wait at its
 * end. What the pusher has not delivered stays in the spool. One that fails,
 * by its memory or a spool folder that is gone, is begun again.
 */
export class Pushing {
  readonly #state = new SharedArrayBuffer(4);
  readonly #view = new Int32Array(this.#state);
  readonly #job: Omit<PushJob, "state">;
  readonly #pausesMs: readonly number[];
  #begunMs = 0;
  /** How many failed in a row. */
  #failed = 0;

  /** Throws where no thread can be started. */
  constructor(job: Omit<PushJob, "state">, pausesMs: readonly number[] = PAUSES_MS) {
    this.#job = job;
    this.#pausesMs = pausesMs;
    this.#begin();
  }

  #begin(): void {
    this.#begunMs = performance.now();
    const worker = new Worker(workerPath, {
      name: "wayward",
      workerData: { ...this.#job, state: this.#state } satisfies PushJob,
      // The pusher is no part of the program: what the program preloads must not run here, nor speak.
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" },
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.on("message", (message: string) => tell(message));
    worker.on("error", (error) => this.#fail(error.message));
    worker.unref();
  }

  /**
   * Blocks this thread until the server has everything up to `seq` and all
   * that worker threads have left, at most so long, and not while it cannot
   * be reached; says what it has not.
   */
  finish(spool: Spool, seq: bigint, withinMs: number): void {
    const until = performance.now() + withinMs;
    const [root, session] = [dirname(spool.folder), basename(spool.folder)];
    this.#wait(() => spool.accepted >= seq, until);
    this.#wait(() => waitingOfThreads(root, session) === 0, until);
    tellWaiting(spool, seq, this.#job.server);
    tellWaitingOfThreads(root, waitingOfThreads(root, session), this.#job.server);
  }

  #wait(isDone: () => boolean, until: number): void {
    while (!isDone()) {
      const state = Atomics.load(this.#view, 0);
      const left = until - performance.now();
      if (state === SERVER.unreachable || left <= 0) return;
      Atomics.wait(this.#view, 0, state, Math.min(left, LOOK_MS));
    }
  }

  #fail(message: string): void {
    Atomics.store(this.#view, 0, SERVER.unreachable);
    if (performance.now() - this.#begunMs > STEADY_MS) this.#failed = 0;
    const pauseMs = this.#pausesMs[this.#failed++];
    const next = pauseMs === undefined ? "records stay in the spool" : `it begins again in ${pauseMs / 1000} s`;
    tell(`the pusher to ${this.#job.server} has failed: ${message}; ${next}`);
    if (pauseMs !== undefined) setTimeout(() => this.#beginAgain(), pauseMs).unref();
  }

  #beginAgain(): void {
    try {
      this.#begin();
    } catch (error) {
      this.#fail(String(error));
    }
  }
}
