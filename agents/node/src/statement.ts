import { dbQuery } from "@wayward/record";
import type { Recorder } from "./recorder.ts";

/** What may be known of a statement beside its duration; in nanoseconds. */
export interface DbFacts {
  /** Wait for a connection. */
  readonly poolWait?: bigint;
  readonly lockWait?: bigint;
  readonly error?: string;
}

/** One statement, by its number in the dictionary, that took `duration` ns. */
export function recordStatement(
  recorder: Recorder,
  statement: number,
  duration: bigint,
  rows: number | undefined,
  { poolWait, lockWait, error }: DbFacts,
): void {
  recorder.record(dbQuery, [statement, duration, poolWait, lockWait, rows, error]);
}
