/** Event numbers of one lane that were seen one after the other with no gap told between them. */
interface Range {
  readonly first: bigint;
  last: bigint;
  /** How many gaps its session had told when it began. */
  readonly gaps: number;
}

/** Ranges of all lanes; a server tells a new cursor every second, so this is never reached without a fault. */
const RANGES_MAX = 100_000;

/**
 * Which events of which lanes were seen, bounded. A lane's numbers rise, and
 * what is missing between two of them a filter has left out, unless a gap was
 * told between them: then it may still come.
 */
export class SeenEvents {
  readonly #lanes = new Map<string, Range[]>();
  /** By session; those that concern all of them under the empty name. */
  readonly #gaps = new Map<string, number>();
  #count = 0;

  add(session: string, lane: number, eventNo: bigint): void {
    const key = `${session}/${lane}`;
    const ranges = this.#lanes.get(key) ?? [];
    const gaps = (this.#gaps.get(session) ?? 0) + (this.#gaps.get("") ?? 0);
    const last = ranges.at(-1);
    if (last !== undefined && last.gaps === gaps && last.last < eventNo) last.last = eventNo;
    else {
      ranges.push({ first: eventNo, last: eventNo, gaps });
      this.#lanes.set(key, ranges);
      this.#count++;
      this.#forgetOldest();
    }
  }

  has(session: string, lane: number, eventNo: bigint): boolean {
    const ranges = this.#lanes.get(`${session}/${lane}`);
    return ranges?.some(({ first, last }) => first <= eventNo && eventNo <= last) ?? false;
  }

  /** A gap was told of a session, or of all where none is named: what comes next does not follow what came before. */
  gap(session: string): void {
    this.#gaps.set(session, (this.#gaps.get(session) ?? 0) + 1);
  }

  copy(): SeenEvents {
    const copy = new SeenEvents();
    for (const [key, ranges] of this.#lanes)
      copy.#lanes.set(
        key,
        ranges.map((range) => ({ ...range })),
      );
    for (const [session, gaps] of this.#gaps) copy.#gaps.set(session, gaps);
    copy.#count = this.#count;
    return copy;
  }

  /** What is forgotten may be shown twice. */
  #forgetOldest(): void {
    for (const [key, ranges] of this.#lanes) {
      if (this.#count <= RANGES_MAX) return;
      this.#lanes.delete(key);
      this.#count -= ranges.length;
    }
  }
}
