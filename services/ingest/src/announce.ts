import { archive } from "@wayward/api";
import { acceptedChannel, type Bus } from "@wayward/bus";
import type { Place, Pushed } from "./core/types.ts";

/** Blocks in one announcement: 64 KiB of them. */
const ANNOUNCED_MAX = 1_000;

/** Tells the relays what the bus acknowledged; all of one turn of the event loop goes together. */
export class Announcer {
  readonly #bus: Bus;
  readonly #held = new Map<number, { incarnation: string; blocks: archive.AcceptedBlock[] }>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  add({ partition, incarnation, busSeq }: Place, { session, seq, crc32 }: Pushed): void {
    if (this.#held.size === 0) queueMicrotask(() => this.flush());
    const held = this.#held.get(partition) ?? { incarnation, blocks: [] };
    // Bus sequences compare only inside one incarnation.
    if (held.incarnation !== incarnation) {
      this.#announce(partition, held);
      Object.assign(held, { incarnation, blocks: [] });
    }
    held.blocks.push({ busSeq, session, seq, crc32 });
    this.#held.set(partition, held);
  }

  flush(): void {
    for (const [partition, held] of this.#held) this.#announce(partition, held);
    this.#held.clear();
  }

  #announce(
    partition: number,
    { incarnation, blocks }: { incarnation: string; blocks: archive.AcceptedBlock[] },
  ): void {
    for (let from = 0; from < blocks.length; from += ANNOUNCED_MAX) {
      const part = blocks.slice(from, from + ANNOUNCED_MAX);
      const body = archive.Accepted.encode({ partition, incarnation, blocks: part }).finish();
      this.#bus.announce(acceptedChannel(partition), body);
    }
  }
}
