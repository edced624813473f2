/** Things whose other half is still awaited; beyond it one of the others is forgotten. */
const OPEN_MAX = 100_000;
const FIRST_PLACES = 64;

/** Numbers kept with a key. */
export const TABLE_COLUMNS = 5;

/**
 * Open things by two whole numbers, each with five numbers of its user's: a
 * table of open addressing with linear probing, at most half full. They come
 * and go at once, which a Map answers by building itself anew. A place is
 * valid until the next `add` or `remove`.
 */
export class OpenTable {
  /** The first key plus one; 0 where the place is free. */
  #groups = new Uint32Array(FIRST_PLACES);
  #keys = new Float64Array(FIRST_PLACES);
  /** TABLE_COLUMNS for each place. */
  data = new Float64Array(FIRST_PLACES * TABLE_COLUMNS);
  #size = 0;
  /** Where the next one to forget is looked for. */
  #hand = 0;

  /** How many are open. */
  get size(): number {
    return this.#size;
  }

  /** The place of what is open under this key, or -1. `group` is below 2^32 - 1, `key` below 2^53. */
  find(group: number, key: number): number {
    const mask = this.#groups.length - 1;
    let place = hashOf(group + 1, key) & mask;
    for (; this.#groups[place] !== 0; place = (place + 1) & mask) {
      if (this.#keys[place] === key && this.#groups[place] === group + 1) return place;
    }
    return -1;
  }

  /** The place for something that is not open yet; its numbers are the caller's to set. */
  add(group: number, key: number): number {
    if (this.#size >= OPEN_MAX) this.#forgetOne();
    if (this.#size * 2 >= this.#groups.length) this.#grow();
    const mask = this.#groups.length - 1;
    let place = hashOf(group + 1, key) & mask;
    while (this.#groups[place] !== 0) place = (place + 1) & mask;
    this.#size++;
    this.#groups[place] = group + 1;
    this.#keys[place] = key;
    return place;
  }

  /** Frees a place; those that were pushed on by it move up. */
  remove(place: number): void {
    const mask = this.#groups.length - 1;
    let free = place;
    for (let next = (place + 1) & mask; this.#groups[next] !== 0; next = (next + 1) & mask) {
      const home = hashOf(this.#groups[next]!, this.#keys[next]!) & mask;
      if (((next - home) & mask) < ((next - free) & mask)) continue;
      this.#move(this, next, free);
      free = next;
    }
    this.#groups[free] = 0;
    this.#size--;
  }

  clear(): void {
    this.#groups.fill(0);
    this.#size = 0;
  }

  /** Hears of all that is open, in no certain order. */
  each(hear: (group: number, key: number, place: number) => void): void {
    const groups = this.#groups;
    for (let place = 0; place < groups.length; place++) {
      if (groups[place] !== 0) hear(groups[place]! - 1, this.#keys[place]!, place);
    }
  }

  copyInto(made: OpenTable): void {
    made.#groups = this.#groups.slice();
    made.#keys = this.#keys.slice();
    made.data = this.data.slice();
    made.#size = this.#size;
    made.#hand = this.#hand;
  }

  #move(from: OpenTable, place: number, to: number): void {
    this.#groups[to] = from.#groups[place]!;
    this.#keys[to] = from.#keys[place]!;
    for (let column = 0; column < TABLE_COLUMNS; column++) {
      this.data[to * TABLE_COLUMNS + column] = from.data[place * TABLE_COLUMNS + column]!;
    }
  }

  #forgetOne(): void {
    const mask = this.#groups.length - 1;
    while (this.#groups[this.#hand & mask] === 0) this.#hand++;
    this.remove(this.#hand++ & mask);
  }

  #grow(): void {
    const old = new OpenTable();
    this.copyInto(old);
    const places = old.#groups.length * 2;
    this.#groups = new Uint32Array(places);
    this.#keys = new Float64Array(places);
    this.data = new Float64Array(places * TABLE_COLUMNS);
    this.#size = 0;
    old.each((group, key, place) => this.#move(old, place, this.add(group, key)));
  }
}

function hashOf(above: number, key: number): number {
  const mixed = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul(above, 0x85ebca6b) ^ ((key / 0x1_0000_0000) | 0);
  return mixed ^ (mixed >>> 15);
}
