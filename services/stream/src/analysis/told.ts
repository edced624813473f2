/** What has been told, by key, bounded: the oldest are forgotten and may be told again. */
export class Told {
  readonly #max: number;
  readonly #keys = new Set<string>();

  /** Keeps at most `max` keys. */
  constructor(max: number) {
    this.#max = max;
  }

  /** True if the key is not known; it is from now on. */
  add(key: string): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    const [oldest] = this.#keys;
    if (this.#keys.size > this.#max && oldest !== undefined) this.#keys.delete(oldest);
    return true;
  }
}
