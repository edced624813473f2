interface Held<V> {
  readonly key: string;
  readonly value: V;
  weight: number;
  /** Its place in the list that is drawn from. */
  at: number;
}

/** Values that are used now may grow: so many are weighed again, and kept. */
const RECENT = 16;

/**
 * Keeps values up to a weight. Values may grow after they were given out.
 *
 * Which one goes is drawn, not the one unused for longest: questions go
 * through an archive from its begin to its end, and where that is a little
 * more than fits, the longest unused would be what comes next, every time.
 */
export class Cache<V> {
  readonly #most: number;
  readonly #weigh: (value: V) => number;
  readonly #held = new Map<string, Held<V>>();
  readonly #list: Held<V>[] = [];
  /** What was given out last, in a ring. */
  readonly #recent: (Held<V> | undefined)[] = [];
  #next = 0;
  #weight = 0;
  /** Seeded, so that runs are alike. */
  #draw = 1;

  constructor(most: number, weigh: (value: V) => number) {
    this.#most = most;
    this.#weigh = weigh;
  }

  get(key: string): V | undefined {
    const held = this.#held.get(key);
    if (held !== undefined) this.#touch(held);
    return held?.value;
  }

  has(key: string): boolean {
    return this.#held.has(key);
  }

  set(key: string, value: V): void {
    const before = this.#held.get(key);
    if (before !== undefined) this.#delete(before);
    const held = { key, value, weight: 0, at: this.#list.length };
    this.#held.set(key, held);
    this.#list.push(held);
    this.#touch(held);
  }

  #delete({ key, weight, at }: Held<V>): void {
    this.#held.delete(key);
    this.#weight -= weight;
    const last = this.#list.pop()!;
    if (last.key === key) return;
    this.#list[at] = last;
    last.at = at;
  }

  /** What leaves the ring was used and is weighed for the last time. */
  #touch(held: Held<V>): void {
    this.#reweigh(this.#recent[this.#next]);
    this.#recent[this.#next] = held;
    this.#next = (this.#next + 1) % RECENT;
    if (held.weight === 0) this.#reweigh(held);
    while (this.#weight > this.#most && this.#list.length > RECENT) {
      const drawn = this.#drawn();
      if (!this.#recent.includes(drawn)) this.#delete(drawn);
    }
  }

  #drawn(): Held<V> {
    this.#draw = (Math.imul(this.#draw, 1103515245) + 12345) & 0x7fffffff;
    return this.#list[(this.#draw >>> 8) % this.#list.length]!;
  }

  #reweigh(held: Held<V> | undefined): void {
    if (held === undefined || this.#held.get(held.key) !== held) return;
    const weight = this.#weigh(held.value);
    this.#weight += weight - held.weight;
    held.weight = weight;
  }
}
