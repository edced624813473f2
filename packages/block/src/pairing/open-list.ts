/** Places that one open thing takes in `data`. */
const OPEN_WORDS = 5;
/** What stands at each of them: zone name, lock or context name; a lock's mode; since when; its event number; 1 if unsure. */
export const OPEN = { id: 0, detail: 1, start: 2, eventNo: 3, unsure: 4 } as const;

const NOTHING = new Float64Array(0);

/**
 * What is open on a lane of one sort, the latest last. All in one array, so
 * that opening and closing allocate nothing; made at first use, as tasks come
 * by the million. Times are nanoseconds since the session's start.
 */
export class OpenList {
  data = NOTHING;
  length = 0;

  push(id: number, detail: number, start: number, eventNo: number): void {
    const at = this.length * OPEN_WORDS;
    if (at === this.data.length) this.#grow();
    const { data } = this;
    data[at] = id;
    data[at + OPEN.detail] = detail;
    data[at + OPEN.start] = start;
    data[at + OPEN.eventNo] = eventNo;
    data[at + OPEN.unsure] = 0;
    this.length++;
  }

  /** One value of an entry. */
  get(index: number, part: (typeof OPEN)[keyof typeof OPEN]): number {
    return this.data[index * OPEN_WORDS + part]!;
  }

  setDetail(index: number, detail: number): void {
    this.data[index * OPEN_WORDS + OPEN.detail] = detail;
  }

  setUnsure(index: number): void {
    this.data[index * OPEN_WORDS + OPEN.unsure] = 1;
  }

  /** The latest entry of that id, or -1. */
  findLast(id: number): number {
    let index = this.length - 1;
    while (index >= 0 && this.data[index * OPEN_WORDS] !== id) index--;
    return index;
  }

  remove(index: number): void {
    const at = index * OPEN_WORDS;
    if (index < this.length - 1) this.data.copyWithin(at, at + OPEN_WORDS, this.length * OPEN_WORDS);
    this.length--;
  }

  /** After a drop nobody knows what ended meanwhile. */
  doubt(): void {
    for (let index = 0; index < this.length; index++) this.setUnsure(index);
  }

  copyInto(made: OpenList): void {
    made.data = this.data.slice();
    made.length = this.length;
  }

  #grow(): void {
    const larger = new Float64Array(Math.max(4 * OPEN_WORDS, this.data.length * 2));
    larger.set(this.data);
    this.data = larger;
  }
}
