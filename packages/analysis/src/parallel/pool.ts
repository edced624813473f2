import { availableParallelism } from "node:os";
import { createDeferred, type Deferred, WaywardError } from "@wayward/base";
import type { AnalysisResult } from "../result.ts";
import type { SessionFacts } from "../session-analysis.ts";
import { answerOf, Thread } from "./thread.ts";

/** Blocks on their way to one thread: enough to keep it busy, few enough to bound memory at 6 MiB. */
const WINDOW = 8;

/** One session's blocks, in order of seq. */
export interface SessionSource {
  readonly facts: SessionFacts;
  /** What blocks before the first one have defined. */
  readonly definitions: readonly Uint8Array[];
  blocks(): AsyncIterable<Uint8Array>;
}

export interface PoolOptions {
  /** Sessions that are analysed at the same time. Default: one for each processor. */
  readonly threads?: number;
  /** Heap of each thread in MiB; a session that needs more is refused with NO_MEMORY. Default 1,024. */
  readonly heapMib?: number;
}

/** Threads that analyse sessions. Made when first needed; they keep no process alive. */
export class AnalysisPool {
  readonly #idle: Thread[] = [];
  readonly #busy = new Set<Thread>();
  readonly #waiting = new Set<Deferred<Thread>>();
  readonly #most: number;
  readonly #heapMib: number;
  #closed = false;

  constructor({ threads = availableParallelism(), heapMib = 1_024 }: PoolOptions = {}) {
    this.#most = threads;
    this.#heapMib = heapMib;
  }

  /** Throws what reading the blocks throws, a refusal of a damaged block, NO_MEMORY, and the signal's reason. */
  async analyse(source: SessionSource, signal: AbortSignal): Promise<AnalysisResult> {
    const thread = await this.#take(signal);
    try {
      await answerOf(thread.ask({ type: "begin", facts: source.facts, definitions: source.definitions }));
      const answers: ReturnType<Thread["ask"]>[] = [];
      for await (const bytes of source.blocks()) {
        signal.throwIfAborted();
        answers.push(thread.askOfBlock(bytes));
        if (answers.length >= WINDOW) await answerOf(answers.shift()!);
      }
      for (const answer of answers) await answerOf(answer);
      signal.throwIfAborted();
      const answer = await answerOf(thread.ask({ type: "finish" }));
      if (answer.type !== "result") throw new WaywardError("INTERNAL", "UNEXPECTED", "a thread gave no result");
      return answer.result;
    } finally {
      this.#giveBack(thread);
    }
  }

  /** What is being analysed fails with CLOSED. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting) waiting.reject(closed());
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((thread) => thread.close()));
  }

  async #take(signal: AbortSignal): Promise<Thread> {
    signal.throwIfAborted();
    if (this.#closed) throw closed();
    const thread = this.#free();
    if (thread === undefined) return await this.#wait(signal);
    this.#busy.add(thread);
    return thread;
  }

  /** One that has died meanwhile is none. */
  #free(): Thread | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) if (idle.isAlive) return idle;
    return this.#busy.size < this.#most ? new Thread(this.#heapMib) : undefined;
  }

  async #wait(signal: AbortSignal): Promise<Thread> {
    const waiting = createDeferred<Thread>();
    const leave = () => waiting.reject(signal.reason);
    this.#waiting.add(waiting);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await waiting.promise;
    } finally {
      this.#waiting.delete(waiting);
      signal.removeEventListener("abort", leave);
    }
  }

  #giveBack(thread: Thread): void {
    this.#busy.delete(thread);
    if (this.#closed) return;
    const [next] = this.#waiting;
    if (next === undefined) {
      if (thread.isAlive) this.#idle.push(thread);
      return;
    }
    const usable = thread.isAlive ? thread : new Thread(this.#heapMib);
    this.#waiting.delete(next);
    this.#busy.add(usable);
    next.resolve(usable);
  }
}

function closed(): WaywardError {
  return new WaywardError("UNAVAILABLE", "CLOSED", "analyses end, as the service does");
}
