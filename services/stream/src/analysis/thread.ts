import { Worker } from "node:worker_threads";
import type { ReportedFinding } from "@wayward/analysis";
import { selection } from "@wayward/api";
import { createDeferred, type Deferred, threadEnv, WaywardError } from "@wayward/base";
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

  /** Begins to analyse a partition: in the thread with its first blocks, as a service at rest needs none. A wait that lasts `longWaitMs` is told; default 30,000. */
  open(longWaitMs: number | undefined): AnalysisRun {
    const id = this.#next++;
    let worker: Worker | undefined;
    const run = new AnalysisRun(id, {
      post: (message, transfer) => {
        worker ??= this.#begin(id, longWaitMs);
        worker.postMessage(message, transfer);
      },
      end: () => {
        this.#runs.delete(id);
        worker?.postMessage({ type: "close", run: id } satisfies ToAnalyst);
      },
    });
    this.#runs.set(id, run);
    return run;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #begin(run: number, longWaitMs: number | undefined): Worker {
    const worker = this.#worker ?? this.#start();
    worker.postMessage({ type: "open", run, longWaitMs } satisfies ToAnalyst);
    return worker;
  }

  #start(): Worker {
    const worker = new Worker(workerPath, {
      env: threadEnv(),
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
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

/** A run's way into the thread. */
interface RunPort {
  post(message: ToAnalyst, transfer: ArrayBuffer[]): void;
  /** Nothing is posted any more. */
  end(): void;
}

/** One time of analysing a partition. */
export class AnalysisRun {
  readonly #id: number;
  readonly #port: RunPort;
  readonly #failed = new AbortController();
  #given = 0;
  #room: Deferred<void> = createDeferred<void>();

  constructor(id: number, port: RunPort) {
    this.#id = id;
    this.#port = port;
  }

  /** Aborted when nothing more is analysed; its reason is why. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Hands blocks over. Waits while as many are under way as may be. Throws what the run failed of. */
  async give(batch: selection.BlockBatch): Promise<void> {
    const bytes = selection.BlockBatch.encode(batch).finish();
    this.#given += bytes.length;
    this.#port.post({ type: "blocks", run: this.#id, bytes }, [bytes.buffer as ArrayBuffer]);
    while (this.#given > GIVEN_BYTES_MAX && !this.failed.aborted) await this.#room.promise;
    this.failed.throwIfAborted();
  }

  close(): void {
    this.#port.end();
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
