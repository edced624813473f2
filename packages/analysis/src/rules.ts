import type { Severity } from "@wayward/record";

/** What a rule is called where people read it, and how bad what it finds is where nothing else is said. */
export interface Rule {
  readonly severity: Severity;
  readonly title: string;
}

/** Every rule of locks and threads. Ids and severities are part of the lock script format; docs/rules.md explains each. */
export const RULES = {
  "order.recursion": { severity: "error", title: "Another lock of a held class is acquired" },
  "order.inversion": { severity: "error", title: "Locks are acquired in opposite orders" },
  "context.usage": { severity: "error", title: "A lock is used in a context that can interrupt its holder" },
  "context.dependency": { severity: "error", title: "A lock used in a context waits for one that it can interrupt" },
  "wait-type": { severity: "error", title: "A lock waits more than where it is acquired allows" },
  "nest.not-held": { severity: "error", title: "The lock that orders others is not held" },
  "ww.mixed": { severity: "error", title: "Tickets of one class are mixed" },
  "ww.wrong-lock": { severity: "error", title: "After a deadlock another lock is acquired" },
  "ww.not-backed-off": { severity: "error", title: "After a deadlock locks are still held" },
  "ww.acquire-after-done": { severity: "error", title: "A lock is acquired with a ticket that was done" },
  "ww.done-twice": { severity: "error", title: "A ticket is done twice" },
  "ww.end-early": { severity: "error", title: "A ticket ends while its locks are held" },
  "ww.stale-ticket": { severity: "error", title: "A ticket is used that is not open" },
  "ww.class": { severity: "error", title: "Ticket and lock are of different classes" },
  "misuse.double-lock": { severity: "error", title: "A held lock is acquired again" },
  "misuse.unlock-not-held": { severity: "error", title: "A lock is released that nobody holds" },
  "misuse.unlock-other-lane": { severity: "error", title: "A lock is released that another lane holds" },
  "misuse.mode": { severity: "error", title: "A lock is released or changed that is held otherwise" },
  "misuse.create-held": { severity: "error", title: "A held lock is created again" },
  "misuse.destroy-held": { severity: "error", title: "A held lock is destroyed" },
  "misuse.destroy-waited": { severity: "error", title: "Something is destroyed while lanes wait for it" },
  "misuse.use-destroyed": { severity: "error", title: "A destroyed lock is used" },
  "misuse.held-at-exit": { severity: "warning", title: "A lane ends while it holds a lock" },
  "misuse.cond-no-mutex": { severity: "error", title: "A condition is waited for without its lock" },
  "misuse.cond-two-mutexes": { severity: "error", title: "A condition is waited for with different locks" },
  "misuse.signal-lost": { severity: "info", title: "A signal meets no waiter" },
  "misuse.barrier": { severity: "error", title: "A barrier is created again or waited for with another count" },
  "misuse.assert-held": { severity: "error", title: "Code relies on a lock that is held otherwise" },
  "misuse.pinned": { severity: "error", title: "A pinned lock is released" },
  "held-over.await": { severity: "info", title: "A lock is held over an await" },
  "held-over.io": { severity: "info", title: "A lock is held over input or output" },
  "held-over.sleep": { severity: "info", title: "A lock is held over a sleep" },
  "held-over.call": { severity: "info", title: "A lock is held over a call" },
  "live.deadlock": { severity: "error", title: "Lanes wait for each other in a circle" },
  "live.long-wait": { severity: "warning", title: "A lane waits long for a lock" },
  "live.dead-owner": { severity: "error", title: "A lane waits for a lock whose holder is gone" },
  "live.livelock": { severity: "warning", title: "Lanes fail in turn to get each other's locks" },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof RULES;
