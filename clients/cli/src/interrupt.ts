import { EXIT } from "./exit.ts";

/**
 * Aborts at Ctrl-C, with which the command then ends as interrupted, and at
 * SIGTERM, by which a supervisor ends in order what would go on for ever. The
 * second of either kills.
 */
export function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => {
    process.exitCode = EXIT.interrupted;
    stop.abort();
  });
  process.once("SIGTERM", () => stop.abort());
  return stop.signal;
}
