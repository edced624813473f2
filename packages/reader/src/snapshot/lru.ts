/** Keeps what was used last, up to a weight. */
export class Lru<V> {
  readonly #most: number;
  readonly #weigh: (value: V) => number;
  readonly #held = new Map<string, V>();
  #weight = 0;

  constructor(most: number, weigh: (value: V) => number) {
    this.#most = most;
    this.#weigh = weigh;
  }

  get(key: string): V | undefined {
    const value = this.#held.get(key);
    if (value === undefined) return undefined;
    this.#held.delete(key);
    this.#held.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    this.#held.set(key, value);
    this.#weight += this.#weigh(value);
    for (const oldest of this.#held.keys()) {
      if (this.#weight <= this.#most || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const value = this.#held.get(key);
    if (value === undefined) return;
    this.#held.delete(key);
    this.#weight -= this.#weigh(value);
  }
}
