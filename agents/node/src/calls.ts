import { randomBytes } from "node:crypto";
import { callBegin, callEnd, pauseCall } from "@wayward/record";
import type { Recorder } from "./recorder.ts";
import { formatTraceparent, parseTraceparent, type Trace } from "./trace.ts";

/** Runs work that waits for another process under a span of its own, and records how long that took at `site`. */
export async function waitForCall<T>(
  recorder: Recorder,
  site: number,
  work: (traceparent: string) => T | Promise<T>,
): Promise<T> {
  const call = below(recorder.flow.trace);
  const begun = process.hrtime.bigint();
  try {
    return await work(formatTraceparent(call));
  } finally {
    const duration = process.hrtime.bigint() - begun;
    recorder.within(call, () => recorder.record(pauseCall, [duration], site));
  }
}

/** Runs work as a lane that answers a call; as a plain lane where the header is none. */
export function answerCall<T>(
  recorder: Recorder,
  traceparent: string | undefined,
  name: string,
  work: () => T | Promise<T>,
): Promise<T> {
  const call = parseTraceparent(traceparent);
  if (call === undefined) return recorder.task(name, work);
  const record = (...[kind, values]: Parameters<Recorder["record"]>) =>
    recorder.within(call, () => recorder.record(kind, values));
  // What the work calls in its turn is not what was called here: it has a span of its own.
  return recorder.within(below(call), () =>
    recorder.task(name, async () => {
      record(callBegin, [recorder.writer.dictionary.string(name)]);
      try {
        return await work();
      } finally {
        record(callEnd, []);
      }
    }),
  );
}

/** A new span of the trace, or of a new one. */
function below(trace: Trace | undefined): Trace {
  return { traceId: trace?.traceId ?? randomBytes(16), spanId: randomBytes(8), sampled: trace?.sampled ?? true };
}
