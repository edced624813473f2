interface Held<V> {
  readonly value: V;
  weight: number;
}

/** Values that are used now may grow: so many are weighed again. */
const RECENT = 16;

/** Keeps what was used last, up to a weight. Values may grow after they were given out. */
export class Lru<V> {
  readonly #most: number;
  readonly #weigh: (value: V) => number;
  readonly #held = new Map<string, Held<V>>();
  /** Keys that were given out last, in a ring. */
  readonly #recent: string[] = [];
  #next = 0;
  #weight = 0;

  constructor(most: number, weigh: (value: V) => number) {
    this.#most = most;
    this.#weigh = weigh;
  }

  get(key: string): V | undefined {
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.#held.delete(key);
    this.#held.set(key, held);
    this.#touch(key);
    return held.value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    this.#held.set(key, { value, weight: 0 });
    this.#touch(key);
  }

  delete(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#weight -= held.weight;
  }

  /** What leaves the ring was used and is weighed for the last time. */
  #touch(key: string): void {
    this.#reweigh(this.#recent[this.#next]);
    this.#recent[this.#next] = key;
    this.#next = (this.#next + 1) % RECENT;
    if (this.#held.get(key)?.weight === 0) this.#reweigh(key);
    for (const oldest of this.#held.keys()) {
      if (this.#weight <= this.#most || oldest === key) break;
      this.delete(oldest);
    }
  }

  #reweigh(key: string | undefined): void {
    const held = key === undefined ? undefined : this.#held.get(key);
    if (held === undefined) return;
    const weight = this.#weigh(held.value);
    this.#weight += weight - held.weight;
    held.weight = weight;
  }
}
