import { OPEN, type OpenList } from "./open-list.ts";
import type { LaneEventNos, PairedRecords } from "./records.ts";
import { span } from "./span.ts";

/** Zones that ended, in order of their ends. Its arrays have more places than `count`. */
export class ZonePairs {
  count = 0;
  /** String numbers of their names. */
  names = new Uint32Array(1024);
  /** Nanoseconds. */
  durations = new Float64Array(1024);
  /** Places of their ends in the block. */
  indexes = new Uint32Array(1024);
  /** Places here of those that had no zone around them. */
  outermost = new Uint32Array(1024);
  outermostCount = 0;
  /** Zones that began in this block and are open, the latest last: places of their begins in the block, and names. */
  #openAt = new Uint32Array(1024);
  #openNames = new Uint32Array(1024);

  /**
   * Pairs the begins and ends of one lane, none of which carries an id, at
   * the first `count` places of `at`. `zones` are those open before it, then
   * those open behind it. Whether a zone begins or ends next a processor
   * guesses wrong half the time, at 20 cycles each; so both are done for each
   * record, and what does not count is written over.
   */
  pair(zones: OpenList, records: PairedRecords, at: Uint32Array, count: number, eventNos: LaneEventNos): void {
    this.#reserve(count + 2);
    const { slots, times, operands } = records;
    const { begins, next, plainBegin } = operands;
    const begun = operands.firsts(plainBegin);
    const { names, durations, indexes, outermost } = this;
    const [openAt, openNames] = [this.#openAt, this.#openNames];
    const lastBegin = begun.length - 1;
    let isInner = zones.length > 0 ? 1 : 0;
    let begin = next[plainBegin]!;
    let depth = 0;
    let pairs = 0;
    let outer = 0;
    for (let place = 0; place < count; place++) {
      const index = at[place]!;
      const isBegin = begins[slots[index]!]!;
      if (depth + isBegin === 0) {
        // It began before this block, or nowhere.
        if (isInner === 0) continue;
        const top = --zones.length;
        isInner = top > 0 ? 1 : 0;
        names[pairs] = zones.get(top, OPEN.id);
        durations[pairs] = span(zones.get(top, OPEN.start), times[index]!);
        indexes[pairs] = index;
        if (top === 0) outermost[outer++] = pairs;
        pairs++;
        continue;
      }
      openAt[depth] = index;
      openNames[depth] = begun[begin < lastBegin ? begin : lastBegin]!;
      begin += isBegin;
      depth += isBegin + isBegin - 1;
      names[pairs] = openNames[depth]!;
      const duration = times[index]! - times[openAt[depth]!]!;
      durations[pairs] = duration > 0 ? duration : 0;
      indexes[pairs] = index;
      outermost[outer] = pairs;
      pairs += 1 - isBegin;
      // 1 where it ended and nothing is open.
      outer += (1 - isBegin) & ((depth - 1) >>> 31) & (1 - isInner);
    }
    next[plainBegin] = begin;
    this.count = pairs;
    this.outermostCount = outer;
    for (let open = 0; open < depth; open++) {
      const index = openAt[open]!;
      const { first, from, all } = eventNos;
      zones.push(openNames[open]!, 0, times[index]!, all === undefined ? first + (index - from) : all[index]!);
    }
  }

  #reserve(count: number): void {
    if (count <= this.names.length) return;
    const places = Math.max(count, this.names.length * 2);
    this.names = new Uint32Array(places);
    this.durations = new Float64Array(places);
    this.indexes = new Uint32Array(places);
    this.outermost = new Uint32Array(places);
    this.#openAt = new Uint32Array(places);
    this.#openNames = new Uint32Array(places);
  }
}
