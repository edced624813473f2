import type { Operands } from "./operands.ts";

/** A block's records, lane by lane. Numbers are read where they are used: handed on as arguments, those of 64 bits would be an object for each call. */
export interface PairedRecords {
  /** Each record's kind, by place in `operands`. */
  readonly slots: Uint32Array;
  /** Nanoseconds since the session's start; 0 for what was before it. */
  readonly times: Float64Array;
  readonly operands: Operands;
}

/** A lane's event numbers: the first, at record `from`, and one for each record of the block where some are missing. */
export interface LaneEventNos {
  readonly first: number;
  readonly from: number;
  readonly all: Float64Array | undefined;
}
