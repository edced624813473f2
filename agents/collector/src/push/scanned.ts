/** What was found in one session's folder. */
export class Scanned {
  /** The number that nearly always comes next. */
  next = 0n;
  /** Own monotonic time, in milliseconds, when the whole folder was last read. */
  folderReadMs = Number.NEGATIVE_INFINITY;
  /** Not looked at before: the last look failed. */
  notBeforeMs = 0;
  #found = new Set<bigint>();

  /** Takes the whole folder's listing; those not found yet, in order. What has left the folder is forgotten. */
  fresh(listed: readonly bigint[]): bigint[] {
    const known = this.#found;
    this.#found = new Set(listed.filter((seq) => known.has(seq)));
    return listed.filter((seq) => !known.has(seq)).sort((a, b) => (a < b ? -1 : 1));
  }

  found(seq: bigint): void {
    this.#found.add(seq);
  }
}
