import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

const queue = f.ref("queue", "object", { role: "object" });
const job = f.u64("job", { role: "begin" });

export const jobEnqueue = defineKind("job.enqueue", [queue, job, f.u64("depth"), f.duration("delay")]);
export const jobReserve = defineKind("job.reserve", [queue, job]);
export const jobStart = defineKind("job.start", [queue, job, f.u64("depth")]);
export const jobProgress = defineKind("job.progress", [queue, job, f.u64("done"), f.u64("total")]);
export const jobRetry = defineKind("job.retry", [queue, job, f.u64("attempt"), f.string("cause", { role: "cause" })]);
export const jobFinish = defineKind("job.finish", [
  queue,
  f.u64("job", { role: "end" }),
  f.enum("outcome", ["ok", "failed", "cancelled"], { role: "key" }),
]);
export const jobDeadLetter = defineKind("job.dead-letter", [
  queue,
  f.u64("job", { role: "end" }),
  f.string("cause", { role: "cause" }),
]);

export const jobKinds: readonly Kind[] = [
  jobEnqueue,
  jobReserve,
  jobStart,
  jobProgress,
  jobRetry,
  jobFinish,
  jobDeadLetter,
];
