import type { archive } from "@wayward/api";

/** A set of whole numbers, kept as disjoint ranges in rising order, both ends included, never adjacent. */
export class RangeSet {
  /** Ranges are replaced, never changed: sets share them. */
  readonly #ranges: Readonly<archive.Range>[] = [];

  static from(ranges: Iterable<archive.Range>): RangeSet {
    const set = new RangeSet();
    for (const { first, last } of ranges) set.add(first, last);
    return set;
  }

  /** The same ranges; what is added to one is not in the other. */
  copy(): RangeSet {
    const set = new RangeSet();
    for (const range of this.#ranges) set.#ranges.push(range);
    return set;
  }

  /** The ranges as messages; a copy. */
  toArray(): archive.Range[] {
    return this.#ranges.map(({ first, last }) => ({ first, last }));
  }

  get size(): bigint {
    return this.#ranges.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  }

  has(value: bigint): boolean {
    return this.endOf(value) !== undefined;
  }

  /** The last number of the range that holds this one; undefined where it is not in the set. */
  endOf(value: bigint): bigint | undefined {
    const range = this.#ranges[this.#find(value)];
    return range !== undefined && range.first <= value ? range.last : undefined;
  }

  /** True if it holds any number from `first` to `last`. */
  meets(first: bigint, last: bigint): boolean {
    const range = this.#ranges[this.#find(first)];
    return range !== undefined && range.first <= last;
  }

  /** What is in this set and not in the other; a set of its own. */
  minus(other: RangeSet): RangeSet {
    const left = new RangeSet();
    for (const { first, last } of this.#ranges) {
      let next = first;
      for (let at = other.#find(first); at < other.#ranges.length && other.#ranges[at]!.first <= last; at++) {
        const gone = other.#ranges[at]!;
        left.add(next, gone.first - 1n);
        next = gone.last + 1n;
      }
      left.add(next, last);
    }
    return left;
  }

  clear(): void {
    this.#ranges.length = 0;
  }

  add(first: bigint, last: bigint = first): void {
    if (last < first) return;
    // A range that ends right before `first` is joined too.
    const from = this.#find(first > 0n ? first - 1n : first);
    let until = from;
    let [low, high] = [first, last];
    for (
      let range = this.#ranges[until];
      range !== undefined && range.first <= last + 1n;
      range = this.#ranges[++until]
    ) {
      if (range.first < low) low = range.first;
      if (range.last > high) high = range.last;
    }
    this.#ranges.splice(from, until - from, { first: low, last: high });
  }

  /** Place of the first range that ends at or after the value. */
  #find(value: bigint): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle]!.last < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
