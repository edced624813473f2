/** What a lock asks of its class. */
export interface LockPolicy {
  /** True where all is recorded. */
  readonly isOn: boolean;
  /** Whether an acquisition that begins now is recorded, which has to wait or not. */
  takes(waits: boolean): boolean;
  /** So many more acquisitions and waits are under way that are not recorded. */
  hide(change: number): void;
}

/** Lanes of one lock that are kept at most; beyond it the one that came first is forgotten. */
const LANES_MAX = 4_096;
/** Acquisitions of one lane, one within the other, that are kept at most; beyond it the outermost is forgotten. */
const DEPTH_MAX = 48;

/**
 * Who waits for and who holds one lock that somebody else implements, and
 * which of that is recorded: asked before each record while the lock's class
 * is not plain. An acquisition is recorded whole or not at all: it is decided
 * once, when it begins.
 */
export class LockHolds {
  readonly #class: LockPolicy;
  /** By lane; true stands for what is recorded. */
  readonly #waits = new Map<number, boolean>();
  /** By lane: a 1, then a bit for each acquisition, the last one at the end; 1 stands for what is recorded. */
  readonly #held = new Map<number, number>();

  constructor(of: LockPolicy) {
    this.#class = of;
  }

  /** Takes over what records tell that were written while all was recorded. */
  take(lane: number, waits: boolean): void {
    if (waits) this.#waits.set(lane, true);
    else this.#push(lane, true);
  }

  forget(): void {
    let hidden = 0;
    for (const recorded of this.#waits.values()) if (!recorded) hidden++;
    for (const stack of this.#held.values()) hidden += hiddenIn(stack);
    this.#waits.clear();
    this.#held.clear();
    this.#class.hide(-hidden);
  }

  /** Whether a wait is recorded. One who holds the lock already wants it otherwise: that belongs to what it holds. */
  waits(lane: number): boolean {
    this.#waited(lane);
    const recorded = this.#holder(lane) ?? this.#class.takes(true);
    if (this.#waits.size >= LANES_MAX) this.#waited(first(this.#waits));
    this.#waits.set(lane, recorded);
    if (!recorded) this.#class.hide(1);
    return recorded;
  }

  /** Whether an acquisition is recorded, as its wait was. */
  acquires(lane: number): boolean {
    const recorded = this.#waited(lane) ?? this.#class.takes(false);
    this.#push(lane, recorded);
    return recorded;
  }

  /** Whether the end of a wait without the lock is recorded. */
  givesUp(lane: number): boolean {
    return this.#waited(lane) ?? this.#class.isOn;
  }

  /**
   * Whether a release is recorded, as its acquisition was. A lane that holds
   * nothing gives back what another acquired: first what is not recorded.
   * What nobody is known to have acquired is recorded where all is.
   */
  releases(lane: number): boolean {
    const { isOn } = this.#class;
    return this.#pop(lane) ?? this.#pop(this.#otherHolder(false) ?? this.#otherHolder(true)) ?? isOn;
  }

  /** Whether it is recorded that a lock goes to another lane, as its acquisition was. */
  handsOver(from: number, to: number): boolean {
    const recorded = this.releases(from);
    this.#waited(to);
    this.#push(to, recorded);
    return recorded;
  }

  /** Whether something is recorded that happens to a lock while it is held. */
  tells(lane: number): boolean {
    return this.#holder(lane) ?? this.#class.isOn;
  }

  /** Whether a change of mode is recorded. It ends the wait for it. */
  converts(lane: number): boolean {
    this.#waited(lane);
    return this.tells(lane);
  }

  /** Whether the end of a lock is recorded; nobody holds it any more. */
  destroys(): boolean {
    const { isOn } = this.#class;
    this.forget();
    return isOn;
  }

  /** Whether the lane's last acquisition is recorded; undefined if it holds nothing. */
  #holder(lane: number): boolean | undefined {
    const stack = this.#held.get(lane);
    return stack === undefined ? undefined : stack % 2 === 1;
  }

  #otherHolder(recorded: boolean): number | undefined {
    for (const [lane, stack] of this.#held) if ((stack % 2 === 1) === recorded) return lane;
    return undefined;
  }

  /** The lane waits no more. Whether its wait is recorded; undefined if it did not wait. */
  #waited(lane: number): boolean | undefined {
    const recorded = this.#waits.get(lane);
    if (recorded === undefined) return undefined;
    this.#waits.delete(lane);
    if (!recorded) this.#class.hide(-1);
    return recorded;
  }

  #push(lane: number, recorded: boolean): void {
    const stack = this.#held.get(lane);
    if (stack === undefined && this.#held.size >= LANES_MAX) this.#drop(first(this.#held));
    const pushed = (stack ?? 1) * 2 + (recorded ? 1 : 0);
    const kept = bounded(pushed);
    this.#held.set(lane, kept);
    this.#class.hide(hiddenIn(kept) - hiddenIn(stack ?? 1));
  }

  /** Ends the lane's last acquisition. */
  #pop(lane: number | undefined): boolean | undefined {
    const stack = lane === undefined ? undefined : this.#held.get(lane);
    if (lane === undefined || stack === undefined) return undefined;
    const left = Math.floor(stack / 2);
    if (left === 1) this.#held.delete(lane);
    else this.#held.set(lane, left);
    const recorded = stack % 2 === 1;
    if (!recorded) this.#class.hide(-1);
    return recorded;
  }

  #drop(lane: number): void {
    this.#class.hide(-hiddenIn(this.#held.get(lane) ?? 1));
    this.#held.delete(lane);
  }
}

/** The lane that has been there longest. */
function first(lanes: ReadonlyMap<number, unknown>): number {
  for (const lane of lanes.keys()) return lane;
  return 0;
}

/** Acquisitions of a stack that are not recorded. */
function hiddenIn(stack: number): number {
  let hidden = 0;
  for (let left = stack; left > 1; left = Math.floor(left / 2)) if (left % 2 === 0) hidden++;
  return hidden;
}

/** The stack without its outermost acquisition where it has too many. */
function bounded(stack: number): number {
  const most = 2 ** (DEPTH_MAX + 1);
  return stack < most ? stack : most / 2 + (stack % (most / 2));
}
