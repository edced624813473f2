/** What a lock asks of its class. */
export interface LockPolicy {
  /** True where all is recorded. */
  readonly isOn: boolean;
  /** Whether an acquisition that begins now is recorded, which has to wait or not. */
  takes(waits: boolean): boolean;
  /** So many more acquisitions and waits are under way that are not recorded. */
  hide(change: number): void;
  /** Nothing changes any more: the class may be plain again. */
  settle(): void;
}

/** Lanes of one lock that are kept at most; beyond it the one that came first is forgotten. */
const LANES_MAX = 4_096;
/** Acquisitions of one lane, one within the other, that are kept at most; beyond it the outermost is forgotten. */
const DEPTH_MAX = 48;
/** Nothing acquired. */
const EMPTY = 1;

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
  /** By lane a stack: a 1, then a bit for each acquisition, the last one at the end; 1 stands for what is recorded. */
  readonly #held = new Map<number, number>();
  /** One lane and its stack beside those: most locks have one holder, and a Map takes longer than a record. */
  #lane = 0;
  #stack = EMPTY;

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
    for (const [, stack] of this.#stacks()) hidden += hiddenIn(stack);
    this.#waits.clear();
    this.#held.clear();
    this.#lane = 0;
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
    this.#class.settle();
    return recorded;
  }

  /** Whether the end of a wait without the lock is recorded. */
  givesUp(lane: number): boolean {
    const recorded = this.#waited(lane);
    this.#class.settle();
    return recorded ?? this.#class.isOn;
  }

  /**
   * Whether a release is recorded, as its acquisition was. A lane that holds
   * nothing gives back what another acquired: first what is not recorded.
   * What nobody is known to have acquired is recorded where all is.
   */
  releases(lane: number): boolean {
    const recorded = this.#given(lane);
    this.#class.settle();
    return recorded;
  }

  /** Whether it is recorded that a lock goes to another lane, as its acquisition was. */
  handsOver(from: number, to: number): boolean {
    const recorded = this.#given(from);
    this.#waited(to);
    this.#push(to, recorded);
    this.#class.settle();
    return recorded;
  }

  /** Whether something is recorded that happens to a lock while it is held. */
  tells(lane: number): boolean {
    return this.#holder(lane) ?? this.#class.isOn;
  }

  /** Whether a change of mode is recorded. It ends the wait for it. */
  converts(lane: number): boolean {
    this.#waited(lane);
    const recorded = this.tells(lane);
    this.#class.settle();
    return recorded;
  }

  /** Whether the end of a lock is recorded; nobody holds it any more. */
  destroys(): boolean {
    this.forget();
    this.#class.settle();
    return this.#class.isOn;
  }

  /** Whether the lane's last acquisition is recorded; undefined if it holds nothing. */
  #holder(lane: number): boolean | undefined {
    const stack = this.#stackOf(lane);
    return stack === EMPTY ? undefined : stack % 2 === 1;
  }

  #given(lane: number): boolean {
    return this.#pop(lane) ?? this.#pop(this.#otherHolder(false) ?? this.#otherHolder(true)) ?? this.#class.isOn;
  }

  #otherHolder(recorded: boolean): number | undefined {
    for (const [lane, stack] of this.#stacks()) if ((stack % 2 === 1) === recorded) return lane;
    return undefined;
  }

  /** The lane waits no more. Whether its wait is recorded; undefined if it did not wait. */
  #waited(lane: number): boolean | undefined {
    if (this.#waits.size === 0) return undefined;
    const recorded = this.#waits.get(lane);
    if (recorded === undefined) return undefined;
    this.#waits.delete(lane);
    if (!recorded) this.#class.hide(-1);
    return recorded;
  }

  #push(lane: number, recorded: boolean): void {
    const pushed = this.#stackOf(lane) * 2 + (recorded ? 1 : 0);
    const kept = bounded(pushed);
    this.#keep(lane, kept);
    if (!recorded) this.#class.hide(1);
    if (kept !== pushed) this.#class.hide(hiddenIn(kept) - hiddenIn(pushed));
  }

  /** Ends the lane's last acquisition. */
  #pop(lane: number | undefined): boolean | undefined {
    const stack = lane === undefined ? EMPTY : this.#stackOf(lane);
    if (lane === undefined || stack === EMPTY) return undefined;
    this.#keep(lane, Math.floor(stack / 2));
    const recorded = stack % 2 === 1;
    if (!recorded) this.#class.hide(-1);
    return recorded;
  }

  #stackOf(lane: number): number {
    if (lane === this.#lane) return this.#stack;
    return this.#held.size === 0 ? EMPTY : (this.#held.get(lane) ?? EMPTY);
  }

  #keep(lane: number, stack: number): void {
    if (lane === this.#lane) {
      this.#stack = stack;
      if (stack === EMPTY) this.#lane = 0;
    } else if (stack === EMPTY) this.#held.delete(lane);
    else if (this.#lane === 0 && !this.#held.has(lane)) {
      this.#lane = lane;
      this.#stack = stack;
    } else {
      if (this.#held.size >= LANES_MAX && !this.#held.has(lane)) this.#drop(first(this.#held));
      this.#held.set(lane, stack);
    }
  }

  #drop(lane: number): void {
    this.#class.hide(-hiddenIn(this.#stackOf(lane)));
    this.#held.delete(lane);
  }

  *#stacks(): Iterable<[number, number]> {
    if (this.#lane !== 0) yield [this.#lane, this.#stack];
    yield* this.#held;
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
