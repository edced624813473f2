/**
 * Records of things that somebody else implements: conditions, barriers,
 * queues, heaps, files, contexts. Nothing here waits or holds.
 */
import { createHash } from "node:crypto";
import type { FieldValue } from "@wayward/block";
import {
  arenaReset,
  barrierPassed,
  barrierWait,
  conditionBroadcast,
  conditionSignal,
  conditionWait,
  conditionWoken,
  contextEnter,
  contextExit,
  contextMask,
  contextUnmask,
  heapDestroy,
  heapNew,
  ioClose,
  ioFsync,
  ioOpen,
  ioRead,
  ioWrite,
  jobDeadLetter,
  jobEnqueue,
  jobFinish,
  jobProgress,
  jobReserve,
  jobRetry,
  jobStart,
  type Kind,
  memoryAlloc,
  memoryFree,
  memoryRealloc,
  refcount,
} from "@wayward/record";
import type { Recorder } from "./recorder.ts";

/** Records of a condition variable. */
export function conditionRecords(recorder: Recorder, condition: number) {
  return {
    number: condition,
    /** Waits begin with the lock that guards the condition, and give it up meanwhile. */
    wait: (lock?: { readonly number: number }) => recorder.record(conditionWait, [condition, lock?.number ?? 0]),
    woken: (result: "ok" | "timeout" = "ok") =>
      recorder.record(conditionWoken, [condition, ["ok", "timeout"].indexOf(result)]),
    signal: () => recorder.record(conditionSignal, [condition]),
    broadcast: () => recorder.record(conditionBroadcast, [condition]),
  };
}

/** Records of a barrier. */
export function barrierRecords(recorder: Recorder, barrier: number) {
  return {
    number: barrier,
    /** `count` says how many it waits for. */
    wait: (count?: number) => recorder.record(barrierWait, [barrier, count]),
    passed: () => recorder.record(barrierPassed, [barrier]),
  };
}

/** Records of something that interrupts a lane and runs on it. */
export function contextRecords(recorder: Recorder, name: string) {
  const context = recorder.writer.dictionary.string(name);
  const record = (kind: Kind) => () => recorder.record(kind, [context]);
  return {
    enter: record(contextEnter),
    exit: record(contextExit),
    mask: record(contextMask),
    unmask: record(contextUnmask),
  };
}

/** Records of allocations in a heap; sizes in bytes. */
export function heapRecords(recorder: Recorder, heap: number) {
  const record = (kind: Kind, ...values: FieldValue[]) => recorder.record(kind, [heap, ...values]);
  return {
    created: () => record(heapNew),
    destroyed: () => record(heapDestroy),
    alloc: (address: bigint, size: number) => record(memoryAlloc, address, size),
    realloc: (address: bigint, from: bigint, size: number) => record(memoryRealloc, address, from, size),
    free: (address: bigint) => record(memoryFree, address),
    /** Everything in an arena goes at once. */
    reset: () => record(arenaReset),
    /** A reference was taken (`change` > 0) or dropped; `count` is how many there are now. */
    refcount: (address: bigint, change: number, count: number) => record(refcount, address, change, count),
  };
}

/** Records of work on a file; sizes in bytes, durations in nanoseconds. */
export function fileRecords(recorder: Recorder, file: number) {
  const record = (kind: Kind, ...values: FieldValue[]) => recorder.record(kind, [file, ...values]);
  return {
    open: (duration: bigint, error?: string) => record(ioOpen, duration, error),
    read: (bytes: number, duration: bigint, error?: string) => record(ioRead, bytes, duration, error),
    write: (bytes: number, duration: bigint, error?: string) => record(ioWrite, bytes, duration, error),
    fsync: (duration: bigint, error?: string) => record(ioFsync, duration, error),
    close: (duration: bigint, error?: string) => record(ioClose, duration, error),
  };
}

const OUTCOMES = ["ok", "failed", "cancelled"] as const;

/** A job within its queue. A text is told by 64 bits of its hash. */
export type JobId = bigint | number | string;

/** Records of a queue's jobs. */
export function queueRecords(recorder: Recorder, queue: number) {
  const record = (kind: Kind, job: JobId, ...values: FieldValue[]) =>
    recorder.record(kind, [queue, typeof job === "string" ? hashOf(job) : job, ...values]);
  return {
    /** `depth` is how many wait then; `delay` how long it must wait at least, in nanoseconds. */
    enqueue: (job: JobId, depth?: number, delay?: bigint) => record(jobEnqueue, job, depth, delay),
    /** A worker has taken it, and not begun. */
    reserve: (job: JobId) => record(jobReserve, job),
    start: (job: JobId, depth?: number) => record(jobStart, job, depth),
    progress: (job: JobId, done: number, total: number) => record(jobProgress, job, done, total),
    retry: (job: JobId, attempt: number, cause?: string) => record(jobRetry, job, attempt, cause),
    finish: (job: JobId, outcome: (typeof OUTCOMES)[number] = "ok") =>
      record(jobFinish, job, OUTCOMES.indexOf(outcome)),
    /** It was given up. */
    deadLetter: (job: JobId, cause?: string) => record(jobDeadLetter, job, cause),
  };
}

function hashOf(text: string): bigint {
  return createHash("sha256").update(text).digest().readBigUInt64LE();
}
