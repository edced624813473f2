import { type Envelope, parseEnvelope } from "@wayward/block";
import type { Bus } from "@wayward/bus";

/** A block that the bus holds. */
export interface TailBlock {
  readonly tenant: string;
  readonly session: string;
  readonly busSeq: bigint;
  readonly envelope: Envelope;
}

/** How long reading the tail may wait for the next message that the bus says it has. */
const READ_TIMEOUT_MS = 10_000;

/**
 * What one partition of the bus holds, kept from question to question: only
 * what is new is read. The archiver purges what it has committed, so this is
 * some ten seconds of blocks.
 */
export class Tail {
  readonly #bus: Bus;
  readonly #partition: number;
  #incarnation = "";
  #next = 1n;
  #blocks: TailBlock[] = [];
  #refreshing: Promise<void> | undefined;

  constructor(bus: Bus, partition: number) {
    this.#bus = bus;
    this.#partition = partition;
  }

  /** Bus sequence of the last message seen. */
  get last(): bigint {
    return this.#next - 1n;
  }

  get blocks(): readonly TailBlock[] {
    return this.#blocks;
  }

  /** Brings the tail to the bus's present end; callers at the same time share one reading. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    const { first, last } = await this.#bus.bounds(this.#partition);
    const incarnation = this.#bus.incarnation(this.#partition);
    if (incarnation !== this.#incarnation) {
      this.#incarnation = incarnation;
      this.#next = 1n;
      this.#blocks = [];
    }
    this.#blocks = this.#blocks.filter(({ busSeq }) => busSeq >= first);
    if (this.#next < first) this.#next = first;
    if (last < this.#next) return;
    const stop = AbortSignal.timeout(READ_TIMEOUT_MS);
    const found: TailBlock[] = [];
    for await (const { busSeq, address, body } of this.#bus.read(this.#partition, this.#next, stop)) {
      const envelope = parseEnvelope(body);
      // What cannot be read is the archiver's to put aside and to report.
      if (envelope.error === undefined) found.push({ ...address, busSeq, envelope: envelope.value });
      this.#next = busSeq + 1n;
      if (busSeq >= last) break;
    }
    this.#blocks = [...this.#blocks, ...found];
  }
}
