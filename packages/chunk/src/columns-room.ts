import type { Ints } from "@wayward/block";

/** Numbers for which there is room without asking for memory: the columns of most tables. */
const ROOM = 64 * 1024;

/**
 * Memory for a table's columns, used again for the next table: an array of its
 * own for each of the hundred short columns of a block costs more than reading them.
 */
export class ColumnsRoom {
  readonly #lo = new Uint32Array(ROOM);
  readonly #hi = new Uint32Array(ROOM);
  #used = 0;

  /** What was taken before is written over from now on. */
  clear(): void {
    this.#used = 0;
  }

  /** Room for so many numbers, all 0. */
  take(count: number): Ints {
    const from = this.#used;
    const until = from + count;
    if (until > ROOM) return { lo: new Uint32Array(count), hi: new Uint32Array(count) };
    this.#used = until;
    return { lo: this.#lo.subarray(from, until).fill(0), hi: this.#hi.subarray(from, until).fill(0) };
  }
}
