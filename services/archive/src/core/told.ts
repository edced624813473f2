import type { archive } from "@wayward/api";

/** A range takes 24 bytes at most and a topic's value 64 KiB. */
const RANGES_MAX = 2_000;

/**
 * Which of a session's committed ranges its watermark tells, in rising order:
 * those of the batch's blocks first, for whoever has sent one again waits for
 * it, then the highest. What is left out is kept and sent again by its
 * pusher, and told then.
 */
export function rangesToTell(committed: readonly archive.Range[], seqs: readonly bigint[]): archive.Range[] {
  if (committed.length <= RANGES_MAX) return [...committed];
  const touched = new Set<archive.Range>();
  let at = 0;
  for (const seq of seqs.toSorted((a, b) => (a < b ? -1 : 1))) {
    while (at < committed.length && committed[at]!.last < seq) at++;
    if (at < committed.length && committed[at]!.first <= seq) touched.add(committed[at]!);
  }
  const others = committed.filter((range) => !touched.has(range));
  const told = [...[...touched].slice(0, RANGES_MAX), ...others.slice(others.length - RANGES_MAX + touched.size)];
  return told.slice(0, RANGES_MAX).sort((a, b) => (a.first < b.first ? -1 : 1));
}
