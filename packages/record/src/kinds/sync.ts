import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

/** What can interrupt a lane and run on it: a signal handler, an interrupt, a finalizer. */
const context = f.ref("context", "string", { role: "key" });
export const contextEnter = defineKind("context.enter", [context]);
export const contextExit = defineKind("context.exit", [context]);
export const contextMask = defineKind("context.mask", [context]);
export const contextUnmask = defineKind("context.unmask", [context]);

const condition = f.ref("condition", "object", { role: "object" });
const waitResult = f.enum("result", ["ok", "timeout"], { role: "cause" });
export const conditionWait = defineKind("condition.wait", [condition, f.ref("with", "object")]);
export const conditionWoken = defineKind("condition.woken", [condition, waitResult]);
export const conditionSignal = defineKind("condition.signal", [condition]);
export const conditionBroadcast = defineKind("condition.broadcast", [condition]);

const semaphore = f.ref("semaphore", "object", { role: "object" });
export const semaphoreWait = defineKind("semaphore.wait", [semaphore]);
export const semaphoreAcquired = defineKind("semaphore.acquired", [semaphore, f.bool("tried")]);
export const semaphorePost = defineKind("semaphore.post", [semaphore]);
export const semaphoreTryFailed = defineKind("semaphore.try-failed", [semaphore]);
export const semaphoreTimedOut = defineKind("semaphore.timed-out", [semaphore]);

const barrier = f.ref("barrier", "object", { role: "object" });
export const barrierWait = defineKind("barrier.wait", [barrier, f.u64("count")]);
export const barrierPassed = defineKind("barrier.passed", [barrier]);

export const syncKinds: readonly Kind[] = [
  contextEnter,
  contextExit,
  contextMask,
  contextUnmask,
  conditionWait,
  conditionWoken,
  conditionSignal,
  conditionBroadcast,
  semaphoreWait,
  semaphoreAcquired,
  semaphorePost,
  semaphoreTryFailed,
  semaphoreTimedOut,
  barrierWait,
  barrierPassed,
];
