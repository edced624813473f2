import { TOP_ENTRIES } from "./tables.ts";

/** The longest durations of a dimension in one block, longest first; of equal ones those that came first. */
export class Longest {
  length = 0;
  /** What a duration must pass to be among them. */
  least = -1;
  /** One place more than is kept: there goes what falls out. */
  readonly keys = new Float64Array(TOP_ENTRIES + 1);
  readonly durations = new Float64Array(TOP_ENTRIES + 1);
  /** Positions of the ending records in their block. */
  readonly indexes = new Float64Array(TOP_ENTRIES + 1);

  clear(): void {
    this.length = 0;
    this.least = -1;
  }

  /** Takes a duration above `least`. */
  add(key: number, duration: number, index: number): void {
    const { keys, durations, indexes } = this;
    let at = this.length;
    for (; at > 0 && durations[at - 1]! < duration; at--) {
      keys[at] = keys[at - 1]!;
      durations[at] = durations[at - 1]!;
      indexes[at] = indexes[at - 1]!;
    }
    keys[at] = key;
    durations[at] = duration;
    indexes[at] = index;
    if (this.length < TOP_ENTRIES) this.length++;
    if (this.length === TOP_ENTRIES) this.least = durations[TOP_ENTRIES - 1]!;
  }
}
