import type { LaneKind } from "@wayward/block";
import { type Kind, pauseAwait, pauseCall, pauseIo, pauseSleep, threadExit, threadJoin } from "@wayward/record";
import type { Recorder } from "./recorder.ts";

/** A lane that the program runs by itself, such as a fibre. */
export interface OwnLane {
  /** Names it in other records. */
  readonly number: number;
  /** Runs `work`, and what it starts, as this lane. */
  run<T>(work: () => T): T;
  /** Says that nothing runs on it any more. */
  exit(code?: number): void;
  /** Says that the running lane waits for its end. */
  join(): void;
}

export function ownLane(recorder: Recorder, name: string, kind: LaneKind): OwnLane {
  const number = recorder.lane(name, kind);
  return {
    number,
    run: (work) => recorder.on(number, work),
    exit: (code) => recorder.on(number, () => recorder.record(threadExit, [code])),
    join: () => recorder.record(threadJoin, [number]),
  };
}

/** Records of what the running lane has done that takes time, told at its end; in nanoseconds. */
export function pauseRecords(recorder: Recorder) {
  const record = (kind: Kind) => (duration: bigint) => recorder.record(kind, [duration]);
  return {
    await: record(pauseAwait),
    io: record(pauseIo),
    sleep: record(pauseSleep),
    /** Code of somebody else's, which may do anything. */
    call: record(pauseCall),
  };
}
