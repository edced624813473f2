import { archive } from "@wayward/api";
import type { Bus, Stored } from "@wayward/bus";

/** Blocks in one announcement: 64 KiB of them. */
const ANNOUNCED_MAX = 1_000;

/** Tells the relays what the bus acknowledged; all of one turn of the event loop goes together. */
export class Announcer {
  readonly #bus: Bus;
  readonly #held = new Map<number, { incarnation: string; blocks: archive.AcceptedBlock[] }>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  add(partition: number, { busSeq, incarnation }: Stored, session: Uint8Array, seq: bigint): void {
    const held = this.#held.get(partition);
    if (held === undefined && this.#held.size === 0) setImmediate(() => this.#flush());
    const block = { busSeq, session: Buffer.from(session), seq };
    if (held === undefined) this.#held.set(partition, { incarnation, blocks: [block] });
    else held.blocks.push(block);
  }

  #flush(): void {
    for (const [partition, { incarnation, blocks }] of this.#held) {
      for (let from = 0; from < blocks.length; from += ANNOUNCED_MAX) {
        const part = blocks.slice(from, from + ANNOUNCED_MAX);
        this.#bus.announce(
          acceptedChannel(partition),
          archive.Accepted.encode({ partition, incarnation, blocks: part }).finish(),
        );
      }
    }
    this.#held.clear();
  }
}

/** Channel on which acknowledged blocks of a partition are announced. */
export function acceptedChannel(partition: number): string {
  return `accepted-${partition}`;
}
