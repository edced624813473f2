import { createDeferred, type Deferred } from "@wayward/base";

/** What one side puts and the other takes in order, until it is closed. */
export class AsyncQueue<T> {
  readonly #items: T[] = [];
  #waiting: Deferred<void> | undefined;
  #closed = false;
  #failure: unknown;

  get length(): number {
    return this.#items.length;
  }

  put(item: T): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#wake();
  }

  /** No more items; those that wait are still taken, then `failure` is thrown if there is one. */
  close(failure?: unknown): void {
    this.#closed = true;
    this.#failure ??= failure;
    this.#wake();
  }

  /** The next item, or undefined at the end. */
  async take(): Promise<T | undefined> {
    for (;;) {
      if (this.#items.length > 0) return this.#items.shift();
      if (this.#closed) {
        if (this.#failure !== undefined) throw this.#failure;
        return undefined;
      }
      this.#waiting ??= createDeferred<void>();
      await this.#waiting.promise;
    }
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
