import type { FieldValue } from "@wayward/block";
import {
  ACQUIRE_FAILURES,
  type Kind,
  LOCK_MODES,
  type LockMode,
  lockAcquired,
  lockAsserted,
  lockCreated,
  lockDestroyed,
  lockDowngraded,
  lockHandedOver,
  lockPinned,
  lockReleased,
  lockTimedOut,
  lockTryFailed,
  lockUnpinned,
  lockUpgraded,
  lockWait,
} from "@wayward/record";
import type { Called } from "./call-stack.ts";
import type { LockClass } from "./lock-class.ts";
import type { LockPlaces, Operation } from "./lock-places.ts";
import type { Recorder } from "./recorder.ts";

/** What may be known of a wait or an acquisition beside lock and mode. */
export interface LockFacts {
  /** Nesting level within the lock's class, where one lane may hold several of it. */
  readonly subclass?: number;
  /** The lock under which this one is taken. */
  readonly under?: { readonly number: number };
  /** The wound/wait ticket under which it is acquired. */
  readonly ticket?: number | bigint;
  /** An open ticket that orders locks of one class, where `under` would name a lock. */
  readonly nestTicket?: number | bigint;
  /** The wait that its ticket owes after it was told to back off. */
  readonly slow?: boolean;
  /** It was tried for, not waited for. */
  readonly tried?: boolean;
}

/** Records of a lock that somebody else implements; `number` names it in other records. Its class says what is recorded. */
export function lockRecords(recorder: Recorder, lock: number, of: LockClass, places: LockPlaces) {
  const holds = of.bare(lock);
  const put = (kind: Kind, operation: Operation, called: Called, ...values: FieldValue[]) =>
    recorder.recordAt(kind, [lock, ...values], places.at(operation, called));
  const brief = (kind: Kind, operation: Operation, called: Called, mode: LockMode | undefined) =>
    recorder.recordBrief(kind, lock, moded(mode), places.at(operation, called));
  /** Below 0 where none is given. */
  const moded = (mode: LockMode | undefined) => (mode === undefined ? -1 : LOCK_MODES.indexOf(mode));
  const facts = ({ subclass, under, ticket }: LockFacts) => [subclass, under?.number ?? 0, ticket];
  const nest = ({ nestTicket, slow }: LockFacts) => [nestTicket, slow];
  const records = {
    number: lock,
    created: () => {
      if (of.isOn) put(lockCreated, "created", records.created);
    },
    wait: (mode: LockMode = "exclusive", more?: LockFacts) => {
      if (!of.plain && !holds.waits(recorder.flow.lane)) return;
      if (more === undefined) brief(lockWait, "wait", records.wait, mode);
      else put(lockWait, "wait", records.wait, moded(mode), ...facts(more), ...nest(more));
    },
    acquired: (mode: LockMode = "exclusive", more?: LockFacts) => {
      if (!of.plain && !holds.acquires(recorder.flow.lane)) return;
      if (more === undefined) brief(lockAcquired, "acquired", records.acquired, mode);
      else put(lockAcquired, "acquired", records.acquired, moded(mode), ...facts(more), more.tried, ...nest(more));
      places.take();
    },
    /**
     * `mode` only where the code says as what it gives it back: another one
     * than it holds is a mistake. `plain` gives a lock taken with a ticket
     * back as an ordinary one, which keeps the ticket.
     */
    released: (mode?: LockMode, plain = false) => {
      if (!of.plain && !holds.releases(recorder.flow.lane)) return;
      if (!plain) brief(lockReleased, "released", records.released, mode);
      else put(lockReleased, "released", records.released, mode && moded(mode), true);
      places.give();
    },
    /** From shared to exclusive. */
    upgraded: () => {
      if (of.plain || holds.converts(recorder.flow.lane)) put(lockUpgraded, "upgraded", records.upgraded);
    },
    /** From exclusive to shared. */
    downgraded: () => {
      if (of.plain || holds.converts(recorder.flow.lane)) put(lockDowngraded, "downgraded", records.downgraded);
    },
    tryFailed: (mode: LockMode = "exclusive") => {
      if (of.takes(false)) put(lockTryFailed, "tryFailed", records.tryFailed, moded(mode));
    },
    /** An attempt ended without the lock. `more` where no wait was told. */
    timedOut: (
      mode: LockMode = "exclusive",
      result: (typeof ACQUIRE_FAILURES)[number] = "timeout",
      more: LockFacts = {},
    ) => {
      if (!of.plain && !holds.givesUp(recorder.flow.lane)) return;
      const cause = ACQUIRE_FAILURES.indexOf(result);
      put(lockTimedOut, "timedOut", records.timedOut, moded(mode), cause, ...facts(more), ...nest(more));
    },
    /** The holder gave it to another lane without releasing it. */
    handedOver: (to: { readonly number: number }) => {
      if (!of.plain && !holds.handsOver(recorder.flow.lane, to.number)) return;
      put(lockHandedOver, "handedOver", records.handedOver, to.number);
      places.pass(to.number);
    },
    /** The code relies on holding it or, with `not`, on not holding it. */
    asserted: (mode: LockMode = "exclusive", not = false) => {
      if (!of.plain && !holds.tells(recorder.flow.lane)) return;
      put(lockAsserted, "asserted", records.asserted, moded(mode), not ? true : undefined);
    },
    /** It may not be released until unpinned. */
    pinned: () => {
      if (of.plain || holds.tells(recorder.flow.lane)) put(lockPinned, "pinned", records.pinned);
    },
    unpinned: () => {
      if (of.plain || holds.tells(recorder.flow.lane)) put(lockUnpinned, "unpinned", records.unpinned);
    },
    destroyed: () => {
      if (!of.plain && !holds.destroys()) return;
      put(lockDestroyed, "destroyed", records.destroyed);
      places.forget();
    },
  };
  return records;
}
