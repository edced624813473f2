import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

export const LOCK_MODES = ["exclusive", "shared", "shared-recursive"] as const;
export type LockMode = (typeof LOCK_MODES)[number];

/** How much of a class of locks is recorded: all, nothing, only acquisitions that had to wait, or some of them. */
export const LOCK_TRACES = ["on", "off", "contention", "sampled"] as const;
export type LockTrace = (typeof LOCK_TRACES)[number];

const lock = f.ref("lock", "object", { role: "object" });
const mode = f.enum("mode", LOCK_MODES, { role: "key" });
const subclass = f.u64("subclass");
const under = f.ref("under", "object");
const ticket = f.u64("ticket");

export const lockCreated = defineKind("lock.created", [lock]);
export const lockWait = defineKind("lock.wait", [lock, mode, subclass, under, ticket]);
export const lockAcquired = defineKind("lock.acquired", [lock, mode, subclass, under, ticket, f.bool("tried")]);
export const lockReleased = defineKind("lock.released", [lock, mode]);
export const lockUpgraded = defineKind("lock.upgraded", [lock]);
export const lockDowngraded = defineKind("lock.downgraded", [lock]);
export const lockTryFailed = defineKind("lock.try-failed", [lock, mode]);
export const lockTimedOut = defineKind("lock.timed-out", [
  lock,
  mode,
  f.enum("result", ["timeout", "failed", "deadlock", "already"], { role: "cause" }),
]);
export const lockHandedOver = defineKind("lock.handed-over", [lock, f.ref("to", "lane")]);
export const lockAsserted = defineKind("lock.asserted", [lock, mode, f.bool("not")]);
export const lockPinned = defineKind("lock.pinned", [lock]);
export const lockUnpinned = defineKind("lock.unpinned", [lock]);
export const lockDestroyed = defineKind("lock.destroyed", [lock]);

/** From now on so much of a class's locks is recorded; of its acquisitions one in `one_in`, where they are sampled. */
export const lockTracing = defineKind("lock.tracing", [
  f.ref("class", "string", { role: "key" }),
  f.enum("trace", LOCK_TRACES),
  f.u64("one_in"),
]);

export const lockKinds: readonly Kind[] = [
  lockCreated,
  lockWait,
  lockAcquired,
  lockReleased,
  lockUpgraded,
  lockDowngraded,
  lockTryFailed,
  lockTimedOut,
  lockHandedOver,
  lockAsserted,
  lockPinned,
  lockUnpinned,
  lockDestroyed,
  lockTracing,
];
