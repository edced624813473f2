import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { createDeferred, type Deferred, WaywardError } from "@wayward/base";
import type { AnalysisResult } from "../result.ts";
import type { SessionFacts } from "../session-analysis.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** Blocks on their way to one thread: enough to keep it busy, few enough to bound memory at 6 MiB. */
const WINDOW = 8;

/** One session's blocks, in order of seq. */
export interface SessionSource {
  readonly facts: SessionFacts;
  /** What blocks before the first one have defined. */
  readonly definitions: readonly Uint8Array[];
  blocks(): AsyncIterable<Uint8Array>;
}

/** Threads that analyse sessions, one for each processor. Made when first needed; they keep no process alive. */
export class AnalysisPool {
  readonly #idle: Thread[] = [];
  readonly #waiting: Deferred<Thread>[] = [];
  #threads = 0;
  readonly #most: number;

  constructor(threads: number = availableParallelism()) {
    this.#most = threads;
  }

  /** Throws what reading the blocks throws, a refusal of a damaged block, and the signal's reason. */
  async analyse(source: SessionSource, signal: AbortSignal): Promise<AnalysisResult> {
    const thread = await this.#take();
    try {
      const begun = await thread.ask({ type: "begin", facts: source.facts, definitions: source.definitions });
      failing(begun);
      const answers: Promise<FromWorker>[] = [];
      for await (const bytes of source.blocks()) {
        signal.throwIfAborted();
        answers.push(thread.ask({ type: "block", bytes }));
        if (answers.length >= WINDOW) failing(await answers.shift()!);
      }
      for (const answer of await Promise.all(answers)) failing(answer);
      const answer = failing(await thread.ask({ type: "finish" }));
      if (answer.type !== "result") throw new WaywardError("INTERNAL", "UNEXPECTED", "a thread gave no result");
      return answer.result;
    } finally {
      this.#giveBack(thread);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((thread) => thread.close()));
  }

  async #take(): Promise<Thread> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#threads < this.#most) {
      this.#threads++;
      return new Thread();
    }
    const waiting = createDeferred<Thread>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  #giveBack(thread: Thread): void {
    const usable = thread.isAlive ? thread : new Thread();
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(usable);
    else next.resolve(usable);
  }
}

function failing(answer: FromWorker): FromWorker {
  if (answer.type !== "failed") return answer;
  throw WaywardError.from(answer.error);
}

/** One thread; its answers come in the order of what it was asked. */
class Thread {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url));
  readonly #asked: Deferred<FromWorker>[] = [];
  isAlive = true;

  constructor() {
    this.#worker.unref();
    this.#worker.on("message", (answer: FromWorker) => this.#asked.shift()?.resolve(answer));
    this.#worker.on("error", (error) => this.#die(error));
    this.#worker.on("exit", () => this.#die(new Error("the thread has ended")));
  }

  ask(message: ToWorker): Promise<FromWorker> {
    const answer = createDeferred<FromWorker>();
    this.#asked.push(answer);
    this.#worker.postMessage(message);
    return answer.promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #die(error: unknown): void {
    this.isAlive = false;
    for (const asked of this.#asked.splice(0)) asked.resolve({ type: "failed", error });
  }
}
