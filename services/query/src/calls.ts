import { WaywardError } from "@wayward/base";
import type { Metrics } from "@wayward/service-kit";

/** Answers take a few milliseconds from memory, and up to minutes where much is read. */
const SECONDS = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120];

const METHODS = ["ListSessions", "GetSession", "ListKinds", "Count", "DeleteSession", "Analyze", "Read"];
/** What is not the caller's doing. */
const FAULTS = ["UNAVAILABLE", "DATA_LOSS", "INTERNAL", "UNKNOWN"];

/** Counts calls and their times; the code is what the caller gets. */
export function countCalls(metrics: Metrics) {
  const total = metrics.counter("wayward_query_calls_total", "Calls by method and code", ["method", "code"]);
  const seconds = metrics.histogram("wayward_query_seconds", "From the call to its last answer", SECONDS, ["method"]);
  // The first call and the first fault are increases too, and can be so only from 0.
  for (const method of METHODS) {
    seconds.zero({ method });
    for (const code of ["OK", ...FAULTS]) total.inc({ method, code }, 0);
  }
  const ended = (method: string, code: string, begunMs: number) => {
    total.inc({ method, code });
    seconds.observe({ method }, (performance.now() - begunMs) / 1000);
  };
  return {
    async one<T>(method: string, answer: () => Promise<T>): Promise<T> {
      const begun = performance.now();
      let code = "OK";
      try {
        return await answer();
      } catch (error) {
        ({ code } = WaywardError.from(error));
        throw error;
      } finally {
        ended(method, code, begun);
      }
    },
    async *many<T>(method: string, answers: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
      const begun = performance.now();
      // Until it has come to its end, whoever stops reading is the caller.
      let code = "CANCELLED";
      try {
        yield* answers;
        if (!signal.aborted) code = "OK";
      } catch (error) {
        if (!signal.aborted) ({ code } = WaywardError.from(error));
        throw error;
      } finally {
        ended(method, code, begun);
      }
    },
  };
}
