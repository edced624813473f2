import { Worker } from "node:worker_threads";
import type { ReportedFinding } from "@wayward/analysis";
import { selection } from "@wayward/api";
import { createDeferred, type Deferred, WaywardError } from "@wayward/base";
import type { Log } from "@wayward/service-kit";
import type { FromAnalyst, ToAnalyst } from "./messages.ts";
import { workerPath } from "./worker-path.ts";

/** Bytes of one run's blocks on their way through the thread, of which there is one a partition: enough to keep it busy. */
const GIVEN_BYTES_MAX = 512 * 1024;
/** Semi-spaces of the thread, in MiB: what a block leaves behind is little. */
const YOUNG_MIB = 8;

export interface ThreadOptions {
  readonly log: Log;
  found(finding: ReportedFinding): void;
  /** Hears what matters to other sessions, serialised. */
  shared(body: Uint8Array): void;
}

/** The thread in which this process analyses, so that what passes blocks on never waits for it. Made when first needed, and anew where it dies. */
export class AnalysisThread {
  readonly #options: ThreadOptions;
  readonly #runs = new Map<number, AnalysisRun>();
  #worker: Worker | undefined;
  #next = 0;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Begins to analyse a partition. A wait that lasts `longWaitMs` is told; default 30,000. */
  open(longWaitMs: number | undefined): AnalysisRun {
    const worker = this.#worker ?? this.#start();
    const id = this.#next++;
    const run = new AnalysisRun(
      id,
      (message, transfer) => worker.postMessage(message, transfer),
      () => {
        this.#runs.delete(id);
      },
    );
    this.#runs.set(id, run);
    worker.postMessage({ type: "open", run: id, longWaitMs } satisfies ToAnalyst);
    return run;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(workerPath, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });
    worker.unref();
    worker.on("message", (message: FromAnalyst) => this.#hear(message));
    worker.on("error", (error) => this.#die(worker, `the thread has died: ${error}`));
    worker.on("exit", () => this.#die(worker, "the thread has ended"));
    this.#worker = worker;
    return worker;
  }

  #hear(message: FromAnalyst): void {
    const { log, found, shared } = this.#options;
    if (message.type === "found") found(message.finding);
    else if (message.type === "shared") shared(message.body);
    else if (message.type === "warned") log.warn(message.message, message.facts);
    else if (message.type === "taken") this.#runs.get(message.run)?.taken(message.bytes);
    else {
      const { code, reason, message: problem } = message.error;
      this.#runs.get(message.run)?.fail(new WaywardError(code, reason, problem));
    }
  }

  #die(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const run of this.#runs.values()) run.fail(new WaywardError("INTERNAL", "UNEXPECTED", `analysis: ${why}`));
  }
}

/** One time of analysing a partition. */
export class AnalysisRun {
  readonly #id: number;
  readonly #post: (message: ToAnalyst, transfer: ArrayBuffer[]) => void;
  readonly #forget: () => void;
  readonly #failed = new AbortController();
  #given = 0;
  #room: Deferred<void> = createDeferred<void>();

  constructor(id: number, post: (message: ToAnalyst, transfer: ArrayBuffer[]) => void, forget: () => void) {
    this.#id = id;
    this.#post = post;
    this.#forget = forget;
  }

  /** Aborted when nothing more is analysed; its reason is why. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Hands blocks over. Waits while as many are under way as may be. Throws what the run failed of. */
  async give(batch: selection.BlockBatch): Promise<void> {
    const bytes = selection.BlockBatch.encode(batch).finish();
    this.#given += bytes.length;
    this.#post({ type: "blocks", run: this.#id, bytes }, [bytes.buffer as ArrayBuffer]);
    while (this.#given > GIVEN_BYTES_MAX && !this.failed.aborted) await this.#room.promise;
    this.failed.throwIfAborted();
  }

  close(): void {
    this.#forget();
    this.#post({ type: "close", run: this.#id }, []);
  }

  taken(bytes: number): void {
    this.#given -= bytes;
    this.#wake();
  }

  fail(error: WaywardError): void {
    this.#failed.abort(error);
    this.#wake();
  }

  #wake(): void {
    const room = this.#room;
    this.#room = createDeferred<void>();
    room.resolve();
  }
}
