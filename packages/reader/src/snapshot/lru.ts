interface Held<V> {
  readonly value: V;
  weight: number;
}

/** Keeps what was used last, up to a weight. Values may grow: they are weighed anew when they are used. */
export class Lru<V> {
  readonly #most: number;
  readonly #weigh: (value: V) => number;
  readonly #held = new Map<string, Held<V>>();
  #weight = 0;

  constructor(most: number, weigh: (value: V) => number) {
    this.#most = most;
    this.#weigh = weigh;
  }

  get(key: string): V | undefined {
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.set(key, held.value);
    return held.value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    const weight = this.#weigh(value);
    this.#held.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#held.keys()) {
      if (this.#weight <= this.#most || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#weight -= held.weight;
  }
}
