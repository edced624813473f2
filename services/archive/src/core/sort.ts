import { archive } from "@wayward/api";
import type { PartitionState } from "@wayward/chunk";
import type { Incoming, Task } from "./types.ts";

/** What is to be done with the blocks of a batch; those named nowhere are done with. */
export interface Sorted {
  readonly fresh: readonly Incoming[];
  /** Committed before, by a digest that must be looked up. */
  readonly unknown: readonly Incoming[];
  readonly aside: readonly Incoming[];
  /** Second ones of an identity in this batch: decided when the first is committed. */
  readonly waiting: number;
}

export function sort(log: PartitionState, task: Task): Sorted {
  const fresh = new Map<string, Incoming>();
  const unknown: Incoming[] = [];
  const aside: Incoming[] = [];
  let waiting = 0;
  for (const block of task.blocks) {
    if (isPoisoned(log, block)) continue;
    const key = identity(block);
    if (block.envelope === undefined) aside.push(block);
    else if (!log.isCommitted(block.session, block.seq)) {
      if (task.unreadable.has(block)) aside.push(block);
      else if (fresh.has(key)) waiting++;
      else fresh.set(key, block);
    }
    // What it was is gone with the session: there is nothing to compare it with.
    else if (isGone(log, block)) continue;
    else {
      const known = task.known.get(key);
      if (known === undefined) unknown.push(block);
      else if (known !== "" && known !== block.digest) aside.push(block);
    }
  }
  return { fresh: [...fresh.values()], unknown, aside, waiting };
}

/** Names a block among all of one tenant. */
export function identity({ session, seq }: Incoming): string {
  return `${session}/${seq}`;
}

export function poisonOf(block: Incoming, task: Task): archive.Poison {
  const { PoisonCause } = archive;
  const unreadable = block.envelope === undefined || task.unreadable.has(block);
  return {
    session: block.id,
    seq: block.seq,
    dlqKey: block.deadLetterKey,
    cause: unreadable ? PoisonCause.POISON_CAUSE_UNREADABLE : PoisonCause.POISON_CAUSE_CONFLICT,
    digest: Buffer.from(block.digest, "hex"),
  };
}

function isPoisoned(log: PartitionState, block: Incoming): boolean {
  const poisoned = log.sessions.get(block.session)?.poisoned ?? [];
  return poisoned.some(({ seq, digest }) => seq === block.seq && digest.toString("hex") === block.digest);
}

function isGone(log: PartitionState, { session }: Incoming): boolean {
  const found = log.sessions.get(session);
  return found?.deleted === true || found?.expired === true;
}
