import { RangeSet } from "@wayward/chunk";
import type { SessionView } from "../snapshot/session.ts";
import type { Cursor, SessionRanges, UnderWay } from "./cursor.ts";

/** How far an answer in order of arrival has come: a cursor that moves. */
export class Reached {
  readonly #logNumbers: bigint[];
  readonly #sent = new Map<string, SessionRanges>();
  readonly #underWay = new Map<string, UnderWay>();

  /** Begins behind a cursor, or before everything. */
  constructor(partitions: number, from?: Cursor) {
    this.#logNumbers = [...(from?.logNumbers ?? Array.from({ length: partitions }, () => -1n))];
    for (const [text, { id, ranges }] of from?.sent ?? []) {
      this.#sent.set(text, { id, ranges: RangeSet.from(ranges.toArray()) });
    }
    for (const block of from?.underWay ?? []) this.#underWay.set(keyOf(block.id, block.seq), block);
  }

  logNumber(partition: number): bigint {
    return this.#logNumbers[partition]!;
  }

  /** True if all of the block was sent. */
  has({ text }: SessionView, seq: bigint): boolean {
    return this.#sent.get(text)?.ranges.has(seq) ?? false;
  }

  /** How many of the block's chosen records were sent. */
  taken({ id }: SessionView, seq: bigint): number {
    return this.#underWay.get(keyOf(id, seq))?.taken ?? 0;
  }

  /** The first `taken` chosen records of the block were sent. */
  take({ id }: SessionView, seq: bigint, taken: number): void {
    this.#underWay.set(keyOf(id, seq), { id, seq, taken });
  }

  /** All of the block was sent. */
  finish({ id, text }: SessionView, seq: bigint): void {
    this.#underWay.delete(keyOf(id, seq));
    const known = this.#sent.get(text);
    if (known === undefined) this.#sent.set(text, { id, ranges: RangeSet.from([{ first: seq, last: seq }]) });
    else known.ranges.add(seq);
  }

  /** Everything up to the partition's entry `n` was sent. */
  reach(partition: number, n: bigint): void {
    this.#logNumbers[partition] = n;
  }

  /** The cursor as it is now. `views` tell what the log numbers cover, which needs no ranges any more. */
  cursor(views: readonly SessionView[]): Cursor {
    for (const { text, partition, places } of views) {
      const known = this.#sent.get(text);
      if (known === undefined) continue;
      const upTo = this.#logNumbers[partition]!;
      const archived = RangeSet.from(places.filter(({ n }) => n <= upTo).flatMap(({ ranges }) => ranges));
      const beyond = known.ranges.minus(archived);
      if (beyond.size === 0n) this.#sent.delete(text);
      else this.#sent.set(text, { ...known, ranges: beyond });
    }
    return { logNumbers: this.#logNumbers, sent: this.#sent, underWay: [...this.#underWay.values()] };
  }
}

function keyOf(id: Uint8Array, seq: bigint): string {
  return `${Buffer.from(id).toString("hex")}/${seq}`;
}
