import type { OpenBlock } from "./block-reader.ts";
import { type ClientRecord, compareRecords } from "./record.ts";

/**
 * Puts the records of overlapping blocks into the order (aligned time,
 * session, lane, event number), or the reverse. Blocks come by their first
 * times (in reverse by their last ones), so a record goes out once the next
 * block begins behind it.
 */
export class BlockMerge {
  readonly #reverse: boolean;
  readonly #open: { readonly block: OpenBlock; next: number; head: ClientRecord }[] = [];

  constructor(reverse: boolean) {
    this.#reverse = reverse;
  }

  /** Takes the next block; gives what comes before all of its records. */
  *add(block: OpenBlock): Iterable<ClientRecord> {
    yield* this.#until(this.#reverse ? block.last : block.first);
    if (this.#reverse) block.order.reverse();
    if (block.order.length > 0) this.#open.push({ block, next: 0, head: block.record(block.order[0]!) });
  }

  /** What is left after the last block. */
  *finish(): Iterable<ClientRecord> {
    yield* this.#until(undefined);
  }

  *#until(bound: bigint | undefined): Iterable<ClientRecord> {
    for (;;) {
      const least = this.#least();
      const open = this.#open[least];
      if (open === undefined) return;
      const { aligned } = open.head;
      if (bound !== undefined && (this.#reverse ? aligned <= bound : aligned >= bound)) return;
      yield open.head;
      open.next++;
      if (open.next < open.block.order.length) open.head = open.block.record(open.block.order[open.next]!);
      else this.#open.splice(least, 1);
    }
  }

  /** Place of the block whose head is first, -1 without any. Few overlap, so each is looked at. */
  #least(): number {
    const direction = this.#reverse ? -1 : 1;
    let least = -1;
    for (const [index, { head }] of this.#open.entries()) {
      if (least < 0 || compareRecords(head, this.#open[least]!.head) * direction < 0) least = index;
    }
    return least;
  }
}
