import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

/** What can interrupt a lane and run on it: a signal handler, an interrupt, a finalizer. */
const context = f.ref("context", "string", { role: "key" });
export const contextEnter = defineKind("context.enter", [context]);
export const contextExit = defineKind("context.exit", [context]);
export const contextMask = defineKind("context.mask", [context]);
export const contextUnmask = defineKind("context.unmask", [context]);
/** The scale of how a blocked acquirer waits, from never to asleep; the first place says nothing. */
export const WAITS = ["", "free", "raw", "spin", "sleep"] as const;
export type Waits = (typeof WAITS)[number];
/** The most that code in this context may do. */
export const contextDeclared = defineKind("context.declared", [context, f.enum("waits_inside", WAITS)]);
/** Masking `by` masks the context too. */
export const contextMaskedBy = defineKind("context.masked-by", [context, f.ref("by", "string")]);

/** A wound/wait ticket: locks taken with it are backed off from in the order of the tickets' begins. */
const ticket = f.u64("ticket", { role: "key" });
export const ticketBegin = defineKind("ticket.begin", [ticket, f.ref("class", "string")]);
/** No further lock will be acquired with it. */
export const ticketDone = defineKind("ticket.done", [ticket]);
export const ticketEnd = defineKind("ticket.end", [ticket]);

/** What a lane does that takes time while it may hold locks; recorded at its end. */
const pause = [f.duration("duration", { role: "measure" })];
export const pauseAwait = defineKind("pause.await", pause);
export const pauseIo = defineKind("pause.io", pause);
export const pauseSleep = defineKind("pause.sleep", pause);
/** With a trace and span, they are those of the call that the lane has waited for. */
export const pauseCall = defineKind("pause.call", pause);

/** The lane begins to answer a call, or does so no more; the record's trace and span are the call's. */
export const callBegin = defineKind("call.begin", [f.ref("name", "string", { role: "key" })]);
export const callEnd = defineKind("call.end", []);

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
  contextDeclared,
  contextMaskedBy,
  ticketBegin,
  ticketDone,
  ticketEnd,
  pauseAwait,
  pauseIo,
  pauseSleep,
  pauseCall,
  callBegin,
  callEnd,
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
