import { selection, stream } from "@wayward/api";
import { partitionOf } from "@wayward/bus";
import { Observation, type ObserveSource } from "../observe.ts";
import { isReporter } from "./reporter.ts";
import type { AnalysisThread } from "./thread.ts";

export interface PartitionOptions {
  readonly source: ObserveSource;
  readonly partition: number;
  readonly thread: AnalysisThread;
  /** Hears whether the sessions that run already are still being replayed. */
  readonly warming: (is: boolean) => void;
  /** A wait that lasts so long is told; default 30,000 ms. */
  readonly longWaitMs?: number | undefined;
}

/**
 * Has the running sessions of one partition analysed until the signal, but for
 * those that report findings: first what they have done so far, then what they
 * do.
 */
export async function analysePartition(options: PartitionOptions, signal: AbortSignal): Promise<void> {
  const { source, partition, thread, warming, longWaitMs } = options;
  const request = stream.ObserveRequest.fromPartial({
    form: selection.Form.FORM_BLOCKS,
    start: stream.Start.START_FIRST,
  });
  warming(true);
  const observation = new Observation(source, request, {
    chosen: (session, description) => partitionOf(session, source.partitions) === partition && !isReporter(description),
    passesOver: ({ end }) => end !== undefined,
    resumes: false,
  });
  const run = thread.open(longWaitMs);
  try {
    for await (const { part } of observation.run(AbortSignal.any([signal, run.failed]))) {
      // A block that was missing and comes late cannot be taken any more: what it hid stays unproven.
      if (part?.$case === "blocks") await run.give(part.value);
      else if (part?.$case === "live") warming(false);
    }
    run.failed.throwIfAborted();
  } finally {
    run.close();
  }
}
