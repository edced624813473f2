/** Layout of a kind's records: what the head words of all of them have in common (Stage). */
export interface KindLayout {
  /** Bits that any head word has, and those that all have. */
  readonly any: number;
  readonly all: number;
}

/**
 * Sorts a block's records by kind without moving them: while they are seen
 * lane by lane each gets its kind's place in the order of first use, then one
 * pass scatters them. Kept between blocks.
 */
export class KindOrder {
  /** Word offsets of the records, kind by kind; more places than records. */
  at = new Uint32Array(1024);
  /** Numbers of the kinds seen, by place. */
  readonly numbers: number[] = [];
  /** Place plus one by kind number; 0 where not seen. */
  #slotOf = new Uint32Array(0);
  /** By place: records of all lanes, of one lane, and what their heads have in common. */
  #counts = new Uint32Array(0);
  #inLane = new Uint32Array(0);
  #any = new Uint32Array(0);
  #all = new Uint32Array(0);

  /** Begins a block; the session has `kinds` kinds, numbered from 1. */
  clear(kinds: number): void {
    if (kinds >= this.#slotOf.length) {
      const places = Math.max(kinds + 1, this.#slotOf.length * 2);
      this.#slotOf = new Uint32Array(places);
      this.#counts = new Uint32Array(places);
      this.#inLane = new Uint32Array(places);
      this.#any = new Uint32Array(places);
      this.#all = new Uint32Array(places);
    } else for (const number of this.numbers) this.#slotOf[number] = 0;
    this.numbers.length = 0;
  }

  /** Takes `count` records of one lane, whose offsets stand in `at` from place `from` on; gives how many of each kind they are, until the next call. */
  see(words: Uint32Array, at: Uint32Array, slots: Uint32Array, from: number, count: number): Uint32Array {
    const slotOf = this.#slotOf;
    const [inLane, any, all] = [this.#inLane, this.#any, this.#all];
    inLane.fill(0, 0, this.numbers.length);
    for (let index = from; index < from + count; index++) {
      const head = words[at[index]!]!;
      const slot = (slotOf[head & 0xffff] || this.#open(head & 0xffff)) - 1;
      slots[index] = slot;
      inLane[slot]!++;
      any[slot]! |= head;
      all[slot]! &= head;
    }
    for (let slot = 0; slot < this.numbers.length; slot++) this.#counts[slot]! += inLane[slot]!;
    return inLane;
  }

  /** Sorts what was seen; gives for each kind where it begins in `at`, and where the last one ends. */
  sort(at: Uint32Array, slots: Uint32Array, count: number): Uint32Array {
    if (count > this.at.length) this.at = new Uint32Array(Math.max(count, this.at.length * 2));
    const begins = new Uint32Array(this.numbers.length + 1);
    for (let slot = 0; slot < this.numbers.length; slot++) begins[slot + 1] = begins[slot]! + this.#counts[slot]!;
    const next = begins.slice();
    const sorted = this.at;
    for (let index = 0; index < count; index++) sorted[next[slots[index]!]!++] = at[index]!;
    return begins;
  }

  layout(slot: number): KindLayout {
    return { any: this.#any[slot]!, all: this.#all[slot]! };
  }

  /** A kind's first record: its place plus one. */
  #open(number: number): number {
    const slot = this.numbers.push(number) - 1;
    this.#slotOf[number] = slot + 1;
    this.#counts[slot] = 0;
    this.#inLane[slot] = 0;
    this.#any[slot] = 0;
    this.#all[slot] = 0xffff_ffff;
    return slot + 1;
  }
}
