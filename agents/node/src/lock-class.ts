import type { OpenLock } from "@wayward/block";
import { LockHolds, type LockPolicy } from "./lock-holds.ts";
import type { LockTracing } from "./lock-rules.ts";

/**
 * How the locks of one class are recorded. All locks of the class hold this
 * one object, so that a switch changes it and no lock, and a record costs one
 * look at it while nothing is switched.
 */
export class LockClass implements LockPolicy {
  readonly name: string;
  /** True while all is recorded, and nothing that is not recorded is still held or waited for. */
  plain: boolean;
  #tracing: LockTracing;
  /** Acquisitions until the next one that is sampled. */
  #left = 1;
  /** Those that somebody else implements, by number. */
  readonly #bare = new Map<number, LockHolds>();
  /** Acquisitions and waits under way that are not recorded. */
  #hidden = 0;

  constructor(name: string, tracing: LockTracing) {
    this.name = name;
    this.#tracing = tracing;
    this.plain = this.isOn;
  }

  get tracing(): LockTracing {
    return this.#tracing;
  }

  get isOn(): boolean {
    return this.#tracing.trace === "on";
  }

  /** What is known of a lock that somebody else implements. */
  bare(lock: number): LockHolds {
    const known = this.#bare.get(lock);
    if (known !== undefined) return known;
    const made = new LockHolds(this);
    this.#bare.set(lock, made);
    return made;
  }

  /** Switches; `open` is what the records so far say of locks. */
  change(tracing: LockTracing, open: readonly OpenLock[]): void {
    const wasPlain = this.plain;
    this.plain = false;
    this.#tracing = tracing;
    this.#left = 1;
    if (wasPlain) for (const { lane, lock, waits } of open) this.#bare.get(lock)?.take(lane, waits);
    this.settle();
  }

  takes(waits: boolean): boolean {
    switch (this.#tracing.trace) {
      case "on":
        return true;
      case "off":
        return false;
      case "contention":
        return waits;
      case "sampled":
        return this.#draw();
    }
  }

  hide(change: number): void {
    this.#hidden += change;
  }

  /** Once all is recorded and nothing is hidden any more, nothing needs to be known of the locks. */
  settle(): void {
    if (this.plain || this.#hidden > 0 || !this.isOn) return;
    this.plain = true;
    for (const holds of this.#bare.values()) holds.forget();
  }

  /** One in so many at the mean, at distances that follow no rhythm of the program's. */
  #draw(): boolean {
    if (--this.#left > 0) return false;
    this.#left = 1 + Math.floor(Math.random() * (2 * this.#tracing.oneIn - 1));
    return true;
  }
}
