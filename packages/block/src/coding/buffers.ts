/** Where decoded columns stand. */
export interface Buffers {
  /** So many 32-bit words, in which anything may stand. */
  words(count: number): Uint32Array;
  /** So many bytes, in which anything may stand. */
  bytes(count: number): Buffer;
  /** A place to go back to. */
  mark(): number;
  /** What was taken since the mark is not needed any more. */
  release(mark: number): void;
}

/** Memory of its own for each column, which is its owner's for good. */
export const OWN_BUFFERS: Buffers = {
  words: (count) => new Uint32Array(count),
  bytes: (count) => Buffer.allocUnsafeSlow(count),
  mark: () => 0,
  release: () => undefined,
};

/** Holds what is decoded of the largest blocks of usual records; pages that no block needs are never touched. */
const BYTES = 8 << 20;

/**
 * One memory for block after block: who reads each once and keeps nothing of
 * it spares fresh memory, which costs a page fault every 4 KiB and takes the
 * caches from all else. What was decoded of one block is overwritten after
 * `clear`. What does not fit is fresh.
 */
export class ReusedBuffers implements Buffers {
  #memory: ArrayBuffer | undefined;
  #at = 0;

  /** The next block may be decoded. */
  clear(): void {
    this.#at = 0;
  }

  words(count: number): Uint32Array {
    const at = this.#take(count * 4);
    return at < 0 ? OWN_BUFFERS.words(count) : new Uint32Array(this.#memory!, at, count);
  }

  bytes(count: number): Buffer {
    const at = this.#take(count);
    return at < 0 ? OWN_BUFFERS.bytes(count) : Buffer.from(this.#memory!, at, count);
  }

  mark(): number {
    return this.#at;
  }

  release(mark: number): void {
    this.#at = mark;
  }

  /** Where so many bytes stand, at a whole number of cache lines; -1 where they do not fit. */
  #take(bytes: number): number {
    this.#memory ??= new ArrayBuffer(BYTES);
    const at = this.#at;
    if (at + bytes > BYTES) return -1;
    this.#at = (at + bytes + 63) & ~63;
    return at;
  }
}
