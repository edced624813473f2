import { Worker } from "node:worker_threads";
import { createDeferred, type Deferred, threadEnv, WaywardError } from "@wayward/base";
import type { Failure, FromWorker, ToWorker } from "./messages.ts";
import { workerPath } from "./worker-path.ts";

/**
 * A thread's heap for what has just been made. V8 lets it grow to some 50 MiB,
 * of which an analysis keeps nearly nothing: its threads would need twice the
 * memory, and be no faster.
 */
const YOUNG_MIB = 16;

/** One thread; its answers come in the order of what it was asked. */
export class Thread {
  readonly #worker: Worker;
  readonly #asked: Deferred<FromWorker>[] = [];
  #death: Failure | undefined;

  /** It dies, and the process does not, where its heap outgrows the bound. */
  constructor(heapMib: number) {
    const resourceLimits = { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: YOUNG_MIB };
    this.#worker = new Worker(workerPath, { env: threadEnv(), resourceLimits });
    this.#worker.unref();
    this.#worker.on("message", (answer: FromWorker) => this.#asked.shift()?.resolve(answer));
    this.#worker.on("error", (error) => this.#die(causeOf(error, heapMib)));
    this.#worker.on("exit", () =>
      this.#die({ code: "UNAVAILABLE", reason: "CLOSED", message: "the thread has ended" }),
    );
  }

  get isAlive(): boolean {
    return this.#death === undefined;
  }

  /**
   * The bytes may be a part of something larger, which a message would copy
   * as a whole, so a copy of their own moves to the thread.
   */
  askOfBlock(bytes: Uint8Array): Promise<FromWorker> {
    const own = new Uint8Array(bytes);
    return this.ask({ type: "block", bytes: own }, [own.buffer]);
  }

  /** `moved` is no longer this thread's then. Fails with what the thread died of, if it has. */
  ask(message: ToWorker, moved: readonly ArrayBuffer[] = []): Promise<FromWorker> {
    const answer = createDeferred<FromWorker>();
    if (this.#death !== undefined) answer.resolve({ type: "failed", error: this.#death });
    else {
      this.#asked.push(answer);
      this.#worker.postMessage(message, [...moved]);
    }
    return answer.promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #die(error: Failure): void {
    this.#death ??= error;
    for (const asked of this.#asked.splice(0)) asked.resolve({ type: "failed", error: this.#death });
  }
}

/** The answer, unless it is a failure: that is thrown. */
export async function answerOf(asked: Promise<FromWorker>): Promise<Exclude<FromWorker, { type: "failed" }>> {
  const answer = await asked;
  if (answer.type !== "failed") return answer;
  const { code, reason, message } = answer.error;
  throw new WaywardError(code, reason, message);
}

function causeOf(error: unknown, heapMib: number): Failure {
  const { code } = error as { readonly code?: unknown };
  if (code !== "ERR_WORKER_OUT_OF_MEMORY")
    return { code: "INTERNAL", reason: "UNEXPECTED", message: `the thread has died: ${error}` };
  const message = `the session's analysis needs more memory than the ${heapMib} MiB of a thread`;
  return new WaywardError("RESOURCE_EXHAUSTED", "NO_MEMORY", message);
}
