import type { Stage } from "../stage.ts";

/** Lanes below this are counted by array, the others by map. */
const NEAR = 4096;

/** One lane's share of the order. */
export interface LaneShare {
  readonly lane: number;
  readonly from: number;
  readonly count: number;
}

/**
 * Sorts a stage's records by lane without moving them, each lane's in the
 * order they came: one counting pass and one that scatters. Kept between
 * blocks.
 */
export class LaneOrder {
  /** Word offsets of the records, lane by lane; more places than records. */
  at = new Uint32Array(1024);
  #offsets = new Uint32Array(1024);
  /** Counts, then next places; all 0 between calls. */
  readonly #near = new Uint32Array(NEAR);
  readonly #far = new Map<number, number>();
  #used: number[] = [];

  /** Orders `count` records from word `from` on; gives the lanes by rising number. */
  sort({ words }: Stage, from: number, count: number): LaneShare[] {
    if (count > this.at.length) {
      this.at = new Uint32Array(Math.max(count, this.at.length * 2));
      this.#offsets = new Uint32Array(this.at.length);
    }
    this.#count(words, from, count);
    const lanes = this.#shares();
    if (lanes.length === 1) [this.at, this.#offsets] = [this.#offsets, this.at];
    else this.#scatter(words, count);
    for (const lane of this.#used) if (lane < NEAR) this.#near[lane] = 0;
    this.#far.clear();
    this.#used = [];
    return lanes;
  }

  #count(words: Uint32Array, from: number, count: number): void {
    const [offsets, near] = [this.#offsets, this.#near];
    let offset = from;
    for (let index = 0; index < count; index++) {
      offsets[index] = offset;
      const lane = words[offset + 1]!;
      if (lane < NEAR) {
        if (near[lane]!++ === 0) this.#used.push(lane);
      } else {
        const known = this.#far.get(lane);
        if (known === undefined) this.#used.push(lane);
        this.#far.set(lane, (known ?? 0) + 1);
      }
      offset += (words[offset]! >>> 16) & 255;
    }
  }

  /** Turns counts into the places where each lane begins. */
  #shares(): LaneShare[] {
    let from = 0;
    return this.#used
      .sort((a, b) => a - b)
      .map((lane) => {
        const count = lane < NEAR ? this.#near[lane]! : this.#far.get(lane)!;
        if (lane < NEAR) this.#near[lane] = from;
        else this.#far.set(lane, from);
        from += count;
        return { lane, from: from - count, count };
      });
  }

  #scatter(words: Uint32Array, count: number): void {
    const [at, offsets, near] = [this.at, this.#offsets, this.#near];
    for (let index = 0; index < count; index++) {
      const offset = offsets[index]!;
      const lane = words[offset + 1]!;
      if (lane < NEAR) at[near[lane]!++] = offset;
      else {
        const place = this.#far.get(lane)!;
        this.#far.set(lane, place + 1);
        at[place] = offset;
      }
    }
  }
}
