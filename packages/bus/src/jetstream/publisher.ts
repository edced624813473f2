import { randomBytes } from "node:crypto";
import { createDeferred, type Deferred } from "@wayward/base";
import type { AckMultiplexer } from "./acks.ts";

/** Larger messages go alone: in a batch they are slower. */
const BATCHED_BYTES_MAX = 64 * 1024;
const BATCH_MESSAGES_MAX = 50;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

interface Waiting {
  readonly subject: string;
  readonly body: Uint8Array;
  /** Sequence in the stream. */
  readonly stored: Deferred<bigint>;
}

/**
 * Publishes to one stream. Where every write is synced, what arrives while a
 * batch is under way makes the next one; it never waits by a clock. Else
 * every message goes at once.
 */
export class StreamPublisher {
  readonly #acks: AckMultiplexer;
  readonly #batches: boolean;
  #waiting: Waiting[] = [];
  #underWay = false;

  constructor(acks: AckMultiplexer, batches: boolean) {
    this.#acks = acks;
    this.#batches = batches;
  }

  async publish(subject: string, body: Uint8Array): Promise<bigint> {
    if (!this.#batches || body.length >= BATCHED_BYTES_MAX)
      return BigInt((await this.#acks.publish(subject, body)).seq);
    const stored = createDeferred<bigint>();
    this.#waiting.push({ subject, body, stored });
    if (!this.#underWay) void this.#run();
    return stored.promise;
  }

  async #run(): Promise<void> {
    this.#underWay = true;
    // All of this turn of the event loop goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      if (batch.length === 1) await this.#single(batch[0]!);
      else await this.#together(batch);
    }
    this.#underWay = false;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { body } of this.#waiting) {
      if (count === BATCH_MESSAGES_MAX || (count > 0 && bytes + body.length > BATCH_BYTES_MAX)) break;
      bytes += body.length;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #single({ subject, body, stored }: Waiting): Promise<void> {
    try {
      stored.resolve(BigInt((await this.#acks.publish(subject, body)).seq));
    } catch (error) {
      stored.reject(error);
    }
  }

  /** A batch that was refused or abandoned is tried message by message: one bad message must not hold up the others. */
  async #together(batch: readonly Waiting[]): Promise<void> {
    try {
      const { seq } = await this.#acks.batch(randomBytes(12).toString("hex"), batch);
      const first = BigInt(seq) - BigInt(batch.length) + 1n;
      for (const [index, { stored }] of batch.entries()) stored.resolve(first + BigInt(index));
    } catch {
      for (const message of batch) await this.#single(message);
    }
  }
}
