import { selection, stream } from "@wayward/api";
import { partitionOf } from "@wayward/bus";
import type { SessionTest } from "@wayward/reader";
import { sessionText } from "@wayward/record";
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

/** Has the running sessions of one partition analysed until the signal: first what they have done so far, then what they do. */
export async function analysePartition(options: PartitionOptions, signal: AbortSignal): Promise<void> {
  const { source, thread, warming, longWaitMs } = options;
  const request = stream.ObserveRequest.fromPartial({
    form: selection.Form.FORM_BLOCKS,
    start: stream.Start.START_FIRST,
  });
  warming(true);
  const observation = new Observation(source, request, await chosen(options));
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

/** Sessions of this partition that have not ended, but for those that report findings. */
async function chosen({ source, partition }: PartitionOptions): Promise<SessionTest> {
  const isHere: SessionTest = (session) => partitionOf(session, source.partitions) === partition;
  const { sessions } = await source.catalogue.snapshot(isHere);
  const ended = new Set(sessions.filter(({ end }) => end !== undefined).map(({ text }) => text));
  return (session, description) =>
    isHere(session, description) && !isReporter(description) && !ended.has(sessionText(session));
}
