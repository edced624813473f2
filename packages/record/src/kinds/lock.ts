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
/** The wound/wait ticket under which it is acquired; 0 or absent without one. */
const ticket = f.u64("ticket");
/** An open ticket that orders instances of the class, where `under` would name a lock. */
const nestTicket = f.u64("nest_ticket");
/** The wait that a wound/wait ticket owes after it was told to back off. */
const slow = f.bool("slow");

export const lockCreated = defineKind("lock.created", [lock]);
export const lockWait = defineKind("lock.wait", [lock, mode, subclass, under, ticket, nestTicket, slow]);
export const lockAcquired = defineKind("lock.acquired", [
  lock,
  mode,
  subclass,
  under,
  ticket,
  f.bool("tried"),
  nestTicket,
  slow,
]);
/** `plain`: a lock taken with a ticket is released as an ordinary one, and keeps the ticket. */
export const lockReleased = defineKind("lock.released", [lock, mode, f.bool("plain")]);
export const lockUpgraded = defineKind("lock.upgraded", [lock]);
export const lockDowngraded = defineKind("lock.downgraded", [lock]);
export const lockTryFailed = defineKind("lock.try-failed", [lock, mode]);
export const ACQUIRE_FAILURES = ["timeout", "failed", "deadlock", "already"] as const;
/** An acquisition that ended without the lock; where no wait was recorded, all that is known of it. */
export const lockTimedOut = defineKind("lock.timed-out", [
  lock,
  mode,
  f.enum("result", ACQUIRE_FAILURES, { role: "cause" }),
  subclass,
  under,
  ticket,
  nestTicket,
  slow,
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
