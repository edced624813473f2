import { RangeSet } from "@wayward/chunk";

/** What becomes of blocks as they come. */
export type Delivery =
  | { readonly type: "block"; readonly seq: bigint }
  /** A block whose absence was told before. */
  | { readonly type: "fill"; readonly seq: bigint }
  /** These blocks are waited for no longer. */
  | { readonly type: "gap"; readonly first: bigint; readonly last: bigint };

/** A block that is missing is waited for so long before it is told. */
export const WAIT_MS = 1_000;

/**
 * Puts one session's blocks into the order of their seqs for one observer.
 * Pure: each seq is delivered once, a hole is told once, and what comes later
 * fills it. Holes are ranges and never walked: a writer may jump from one seq
 * to any other.
 */
export class SessionOrder {
  /** Seqs that the observer has, or does not want, or was too slow for, which was told. */
  readonly sent: RangeSet;
  readonly #waiting = new Set<bigint>();
  #next: bigint;
  #waitingSinceMs = 0;

  /** `sent`: what the observer has already; what follows the last of it comes next. */
  constructor(sent: RangeSet = new RangeSet()) {
    this.sent = sent;
    const last = sent.toArray().at(-1);
    this.#next = last === undefined ? 0n : last.last + 1n;
  }

  /** Seqs that are held back, rising. */
  get held(): bigint[] {
    return [...this.#waiting].sort((a, b) => (a < b ? -1 : 1));
  }

  get holds(): boolean {
    return this.#waiting.size > 0;
  }

  isHeld(seq: bigint): boolean {
    return this.#waiting.has(seq);
  }

  offer(seq: bigint, nowMs: number): Delivery[] {
    if (this.sent.has(seq) || this.#waiting.has(seq)) return [];
    if (seq < this.#next) {
      this.sent.add(seq);
      return [{ type: "fill", seq }];
    }
    if (this.#waiting.size === 0) this.#waitingSinceMs = nowMs;
    this.#waiting.add(seq);
    return this.#drain(nowMs);
  }

  /** Gives up on what was waited for too long. */
  tick(nowMs: number): Delivery[] {
    if (this.#waiting.size === 0 || nowMs - this.#waitingSinceMs < WAIT_MS) return [];
    return this.giveUp(nowMs);
  }

  /** Waits for nothing that comes before what is held. */
  giveUp(nowMs: number): Delivery[] {
    const [least] = this.held;
    if (least === undefined) return [];
    const gaps = spanOf(this.#next, least - 1n).minus(this.sent);
    this.#next = least;
    return [...gaps.toArray().map((range) => ({ type: "gap" as const, ...range })), ...this.#drain(nowMs)];
  }

  /** The observer was too slow for these: they will not be delivered. Tells which of them it lacks, and what need not wait for them. */
  skip(first: bigint, last: bigint, nowMs: number): { readonly skipped: RangeSet; readonly deliveries: Delivery[] } {
    const waiting = RangeSet.from([...this.#waiting].map((seq) => ({ first: seq, last: seq })));
    const skipped = spanOf(first, last).minus(this.sent).minus(waiting);
    for (const range of skipped.toArray()) this.sent.add(range.first, range.last);
    return { skipped, deliveries: this.#drain(nowMs) };
  }

  #drain(nowMs: number): Delivery[] {
    const deliveries: Delivery[] = [];
    for (;;) {
      const seq = this.#next;
      if (this.#waiting.delete(seq)) {
        this.sent.add(seq);
        deliveries.push({ type: "block", seq });
      }
      // What was skipped need not come.
      const passed = this.sent.endOf(seq);
      if (passed === undefined) break;
      this.#next = passed + 1n;
    }
    if (deliveries.length > 0) this.#waitingSinceMs = nowMs;
    return deliveries;
  }
}

function spanOf(first: bigint, last: bigint): RangeSet {
  return RangeSet.from([{ first, last }]);
}
