import { delay } from "@wayward/base";
import type { Bus } from "./port.ts";

const FREE = "free";

export interface LeaseOptions {
  readonly bus: Bus;
  /** Topic that holds it. */
  readonly name: string;
  /** Tells this process from others. */
  readonly holder: string;
  /** A lease that nobody renewed for so long may be taken, in milliseconds of the taker's own clock. */
  readonly leaseMs: number;
}

/** A holder renews, and who waits looks, this many times in the lease's time. */
const LOOKS = 5;

/**
 * Waits for the lease, then works as long as it is held. For efficiency
 * only: whoever loses it may still be at work, and nothing goes wrong by
 * that. `work` ends soon after its signal aborts. Throws what the bus throws
 * while waiting, and what `work` throws.
 */
export async function withLease(
  options: LeaseOptions,
  signal: AbortSignal,
  work: (held: AbortSignal) => Promise<void>,
): Promise<void> {
  const first = await take(options, signal);
  if (first === undefined) return;
  const lost = new AbortController();
  const done = new AbortController();
  const renewing = renew(options, first, done.signal, lost);
  try {
    await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    done.abort();
    await release(options, await renewing);
  }
}

/** The revision under which it is held, or undefined if the signal aborted first. */
async function take({ bus, name, holder, leaseMs }: LeaseOptions, signal: AbortSignal): Promise<bigint | undefined> {
  let seen: bigint | undefined;
  let since = performance.now();
  while (!signal.aborted) {
    const topic = await bus.topics.get(name);
    if (topic !== undefined && topic.revision !== seen) {
      seen = topic.revision;
      since = performance.now();
    }
    const isFree = topic === undefined || Buffer.from(topic.value).toString() === FREE;
    if (isFree || performance.now() - since >= leaseMs) {
      const taken = await bus.topics.set(name, Buffer.from(holder), topic?.revision ?? 0n);
      if (taken !== "changed") return taken;
    }
    await delay(leaseMs / LOOKS, signal);
  }
  return undefined;
}

/** Tells the last revision, or undefined if another has taken it. */
async function renew(
  { bus, name, holder, leaseMs }: LeaseOptions,
  first: bigint,
  done: AbortSignal,
  lost: AbortController,
): Promise<bigint | undefined> {
  let revision = first;
  for (;;) {
    await delay(leaseMs / LOOKS, done);
    if (done.aborted) return revision;
    try {
      const renewed = await bus.topics.set(name, Buffer.from(holder), revision);
      if (renewed === "changed") {
        lost.abort();
        return undefined;
      }
      revision = renewed;
    } catch {
      // Without the bus nobody else can take it, and there is nothing to do.
    }
  }
}

/** Lets others take it at once. */
async function release({ bus, name }: LeaseOptions, revision: bigint | undefined): Promise<void> {
  if (revision === undefined) return;
  await bus.topics.set(name, Buffer.from(FREE), revision).catch(() => {});
}
