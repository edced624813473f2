/**
 * What a summary counts by. Each row has two keys, a count, and the sum,
 * least, greatest and histogram of a quantity.
 */
export const DIMENSION = {
  /** Kind, 0: records, and the kind's measure. */
  kind: 1,
  /** Lane (a task's parent), kind: records. */
  lane: 2,
  /** Zone name (a string), 0: durations. */
  zone: 3,
  /** Channel (a string), level: messages. */
  channel: 4,
  /** Queue (an object), 0: time from enqueue to start. */
  queueWait: 5,
  /** Queue (an object), 0: time from start to finish. */
  queueRun: 6,
  /** Lock (an object), mode: time from wait to acquired, of those that waited. */
  lockWait: 7,
  /** Lock (an object), mode: time from acquired to released; `extra` counts changes of lane. */
  lockHold: 8,
  /** Kind, its first key (a string): records, and the kind's measure. */
  key: 9,
  /** Lane, 0: durations of zones that are in no other. */
  busy: 10,
} as const;
export type Dimension = keyof typeof DIMENSION;
export const DIMENSIONS = Object.keys(DIMENSION) as readonly Dimension[];

/** One row of a summary, merged or not. */
export interface SummaryRow {
  readonly key1: number;
  readonly key2: number;
  readonly count: number;
  readonly sum: bigint;
  /** 0 where nothing was measured. */
  readonly min: number;
  readonly max: number;
  readonly extra: number;
  /** Bucket number and count in turn, buckets rising. */
  readonly histogram: Uint32Array;
}

/** One of the longest durations of a dimension. */
export interface TopEntry {
  readonly key1: number;
  readonly duration: number;
  readonly seq: bigint;
  /** Position of the end record in its block. */
  readonly index: number;
}

/** One dimension's rows. */
export interface SummaryTable {
  readonly rows: readonly SummaryRow[];
  /** Everything beyond LIMITS.summaryRows: count only. */
  readonly other: number;
  readonly top: readonly TopEntry[];
}

export type Summary = ReadonlyMap<Dimension, SummaryTable>;

/** How many of the longest are kept for a dimension, by block and by merge. */
export const TOP_ENTRIES = 16;
