import { archive } from "@wayward/api";
import { present } from "@wayward/base";
import type { PartitionState, PoisonedBlocks } from "@wayward/chunk";
import type { Incoming, Task } from "./types.ts";

/** What is to be done with the blocks of a batch; those named nowhere are done with. */
export interface Sorted {
  readonly fresh: readonly Incoming[];
  /** Committed before, by a digest that must be looked up. */
  readonly unknown: readonly Incoming[];
  /** One of each, however often it came. */
  readonly aside: readonly Incoming[];
  /** Second ones of an identity in this batch: decided when the first is committed. */
  readonly waiting: number;
}

export function sort(log: PartitionState, task: Task): Sorted {
  const fresh = new Map<string, Incoming>();
  const unknown: Incoming[] = [];
  const aside = new Map<string, Incoming>();
  const putAside = (block: Incoming) => aside.has(block.deadLetterKey) || aside.set(block.deadLetterKey, block);
  let waiting = 0;
  const before = poisonedIn(log, task.blocks);
  for (const block of task.blocks) {
    if (before.get(block.session)?.has(block.seq, block.digest)) continue;
    const key = identity(block);
    if (block.envelope === undefined) putAside(block);
    else if (!log.isCommitted(block.session, block.seq)) {
      if (task.unreadable.has(block)) putAside(block);
      else if (fresh.has(key)) waiting++;
      else fresh.set(key, block);
    }
    // What it was is gone with the session: there is nothing to compare it with.
    else if (isGone(log, block)) continue;
    else {
      const known = task.known.get(key);
      if (known === undefined) unknown.push(block);
      else if (known !== "" && known !== block.digest) putAside(block);
    }
  }
  return { fresh: [...fresh.values()], unknown, aside: [...aside.values()], waiting };
}

/** Names a block among all of one tenant. */
export function identity({ session, seq }: Incoming): string {
  return `${session}/${seq}`;
}

/** The body of one entry that puts all of these aside. */
export function poisonOf(blocks: readonly Incoming[], task: Task): archive.Poison {
  const [first, ...others] = blocks.map((block) => poisoned(block, task));
  return { ...present(first, "block to put aside"), others };
}

function poisoned(block: Incoming, task: Task): archive.Poison {
  const { PoisonCause } = archive;
  const unreadable = block.envelope === undefined || task.unreadable.has(block);
  return {
    session: block.id,
    seq: block.seq,
    dlqKey: block.deadLetterKey,
    cause: unreadable ? PoisonCause.POISON_CAUSE_UNREADABLE : PoisonCause.POISON_CAUSE_CONFLICT,
    digest: Buffer.from(block.digest, "hex"),
    others: [],
  };
}

/** What was put aside before, by session; each is looked up once, for one that is over is decoded for that. */
function poisonedIn(log: PartitionState, blocks: readonly Incoming[]): ReadonlyMap<string, PoisonedBlocks> {
  const found = new Map<string, PoisonedBlocks>();
  for (const text of new Set(blocks.map(({ session }) => session))) {
    const session = log.sessions.get(text);
    if (session !== undefined) found.set(text, session.poisoned);
  }
  return found;
}

function isGone(log: PartitionState, { session }: Incoming): boolean {
  const found = log.sessions.get(session);
  return found?.deleted === true || found?.expired === true;
}
