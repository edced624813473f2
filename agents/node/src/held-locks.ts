/** Lanes that hold something and are kept; beyond it the one that was left longest ago is forgotten. */
const LANES_MAX = 1_024;
/** Locks of one lane that are kept; beyond it the one that it took first is forgotten. */
const DEPTH_MAX = 48;

/**
 * The locks that each lane holds, by their numbers, the last one taken at the
 * end: only to tell places apart, so that what is forgotten costs a place and
 * nothing else. A lane that ends holding something stays until the bound.
 */
export class HeldLocks {
  /** Of the lanes that hold something, but for `#lane`. */
  readonly #others = new Map<number, number[]>();
  /** The lane that was asked for last, and its list: most are asked for several times in a row. */
  #lane = 0;
  #list: number[] = [];

  /** The lock that the lane took last and still holds; 0 if it holds none. */
  innermost(lane: number): number {
    const list = this.#of(lane);
    return list.length === 0 ? 0 : list[list.length - 1]!;
  }

  take(lane: number, lock: number): void {
    const list = this.#of(lane);
    if (list.length >= DEPTH_MAX) list.shift();
    list.push(lock);
  }

  /** The lane gives the lock back, in any order; where it does not hold it, it gives back what another lane took. */
  give(lane: number, lock: number): void {
    const list = this.#of(lane);
    if (list.length > 0 && list[list.length - 1] === lock) list.pop();
    else if (!removeFrom(list, lock)) this.#giveOther(lock);
  }

  /** Nobody holds it any more. */
  forget(lock: number): void {
    while (removeFrom(this.#list, lock) || this.#giveOther(lock));
  }

  #giveOther(lock: number): boolean {
    for (const [lane, list] of this.#others) {
      if (!removeFrom(list, lock)) continue;
      if (list.length === 0) this.#others.delete(lane);
      return true;
    }
    return false;
  }

  #of(lane: number): number[] {
    return lane === this.#lane ? this.#list : this.#turnTo(lane);
  }

  #turnTo(lane: number): number[] {
    const left = this.#list;
    const found = this.#others.get(lane);
    if (found !== undefined) this.#others.delete(lane);
    if (left.length > 0) this.#keep(this.#lane, left);
    this.#lane = lane;
    // An empty list serves the next lane.
    this.#list = found ?? (left.length === 0 ? left : []);
    return this.#list;
  }

  #keep(lane: number, list: number[]): void {
    if (this.#others.size >= LANES_MAX) {
      for (const oldest of this.#others.keys()) {
        this.#others.delete(oldest);
        break;
      }
    }
    this.#others.set(lane, list);
  }
}

/** Takes out the last one; false if there is none. */
function removeFrom(list: number[], lock: number): boolean {
  const at = list.lastIndexOf(lock);
  if (at < 0) return false;
  list.splice(at, 1);
  return true;
}
