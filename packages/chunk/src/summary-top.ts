import {
  type Ints,
  type SectionWriter,
  type SummaryColumns,
  TOP_ENTRIES,
  type Words64,
  writeInts,
} from "@wayward/block";

const COLUMNS = ["key1", "duration", "seq", "index"] as const;
type Halves = readonly [lo: number, hi: number];
type Entry = Readonly<Record<(typeof COLUMNS)[number], Halves>>;

/** The longest of one dimension over many blocks, longest first. */
export class TopSum {
  #entries: Entry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  /** Adds a block's, which are longest first too. Of equal ones those that came first stay before. */
  add({ count, key1, duration, seq, index }: SummaryColumns["top"]): void {
    for (let at = 0; at < count; at++) {
      const entry = {
        key1: halves(key1, at),
        duration: halves(duration, at),
        seq: halves(seq, at),
        index: halves(index, at),
      };
      let place = this.#entries.length;
      while (place > 0 && isLonger(entry.duration, this.#entries[place - 1]!.duration)) place--;
      if (place === TOP_ENTRIES) continue;
      this.#entries.splice(place, 0, entry);
      if (this.#entries.length > TOP_ENTRIES) this.#entries.pop();
    }
  }

  write(writer: SectionWriter, column: Words64): void {
    for (const name of COLUMNS) {
      column.length = 0;
      for (const { [name]: value } of this.#entries) column.push(value[0], value[1]);
      writeInts(writer, column);
    }
  }
}

function halves({ lo, hi }: Ints, at: number): Halves {
  return [lo[at]!, hi[at]!];
}

function isLonger(a: Halves, b: Halves): boolean {
  return a[1] > b[1] || (a[1] === b[1] && a[0] > b[0]);
}
