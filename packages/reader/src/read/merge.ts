import type { BlockFilter } from "../filter/block-filter.ts";
import type { GapList } from "../gaps.ts";
import type { BlockRef, SessionBlocks } from "../snapshot/blocks.ts";
import { offsetOf } from "../snapshot/session.ts";
import { comparePositions, openRun, type Position, positionAt, type Run, tellUnknown } from "./run.ts";

export interface MergeOptions {
  readonly filter: BlockFilter;
  readonly reverse: boolean;
  /** Only what comes behind this in the answer's order. */
  readonly after: Position | undefined;
  readonly gaps: GapList;
  readonly signal: AbortSignal;
}

/** Records of one run that follow each other in the answer: places `from` to `until - 1` of its order. */
export interface Stretch {
  readonly run: Run;
  readonly session: SessionBlocks;
  readonly ref: BlockRef;
  readonly from: number;
  readonly until: number;
}

interface Open {
  readonly run: Run;
  readonly session: SessionBlocks;
  readonly ref: BlockRef;
  /** Where its next record stands. */
  head: Position;
}

/** A block that was not opened yet. */
export interface Waiting {
  readonly session: SessionBlocks;
  readonly ref: BlockRef;
  /** Aligned times. */
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Records of all sessions in the order (aligned time, session, lane, event
 * number), or the reverse. A block is opened when the merge reaches its first
 * time, so only those that overlap are in memory.
 */
export async function* mergeSessions(
  sessions: readonly SessionBlocks[],
  options: MergeOptions,
): AsyncGenerator<Stretch> {
  const { filter, reverse, after, gaps, signal } = options;
  const direction = reverse ? -1 : 1;
  const waiting = listBlocks(sessions, filter, after, reverse);
  const open: Open[] = [];
  let nextWaiting = 0;
  for (;;) {
    let top = leastOf(open, direction);
    while (nextWaiting < waiting.length && mayComeBefore(waiting[nextWaiting]!, open[top]?.head, reverse)) {
      signal.throwIfAborted();
      const { session, ref } = waiting[nextWaiting++]!;
      const run = await openRun(session, ref, filter, gaps, reverse);
      if (run === undefined) continue;
      if (after !== undefined) skipUpTo(run, after, direction);
      if (run.next === run.order.length) continue;
      open.push({ run, session, ref, head: positionAt(run, run.next) });
      top = leastOf(open, direction);
    }
    if (top < 0) return;
    const { run, session, ref } = open[top]!;
    const bound = boundOf(open, top, waiting[nextWaiting], direction, reverse);
    const from = run.next;
    run.next = endOf(run, from + 1, bound, direction);
    yield { run, session, ref, from, until: run.next };
    if (run.next < run.order.length) open[top]!.head = positionAt(run, run.next);
    else {
      tellUnknown(run, gaps);
      open.splice(top, 1);
    }
  }
}

/** Where the answer leaves a run for another one: its head, or the first time of a block not yet opened. */
interface Bound {
  readonly head: Position | undefined;
  readonly time: bigint | undefined;
}

function boundOf(
  open: readonly { readonly head: Position }[],
  top: number,
  waiting: Waiting | undefined,
  direction: number,
  reverse: boolean,
): Bound {
  let head: Position | undefined;
  for (const [index, other] of open.entries()) {
    if (index === top) continue;
    if (head === undefined || comparePositions(other.head, head) * direction < 0) head = other.head;
  }
  return { head, time: waiting === undefined ? undefined : reverse ? waiting.last : waiting.first };
}

/** Place of the first record from `from` on that is not before the bound. */
function endOf(run: Run, from: number, bound: Bound, direction: number): number {
  const { order, offset } = run;
  const { times } = run.block.columns;
  const aligned = earlier(bound.head?.aligned, bound.time, direction);
  if (aligned === undefined) return order.length;
  // Records are in order of time: those of other times than the bound's are told by halving.
  const raw = aligned - offset;
  let low = from;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const time = times[order[middle]!]!;
    if (direction > 0 ? time < raw : time > raw) low = middle + 1;
    else high = middle;
  }
  while (low < order.length && isBefore(positionAt(run, low), bound, direction)) low++;
  return low;
}

function earlier(a: bigint | undefined, b: bigint | undefined, direction: number): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b === direction > 0 ? a : b;
}

function isBefore(position: Position, { head, time }: Bound, direction: number): boolean {
  if (head !== undefined && comparePositions(position, head) * direction >= 0) return false;
  return time === undefined || (direction > 0 ? position.aligned < time : position.aligned > time);
}

/** Index of the run whose head is first, -1 if none is open. Few overlap, so each is looked at. */
function leastOf(open: readonly { readonly head: Position }[], direction: number): number {
  let least = -1;
  for (const [index, { head }] of open.entries()) {
    if (least < 0 || comparePositions(head, open[least]!.head) * direction < 0) least = index;
  }
  return least;
}

function mayComeBefore({ first, last }: Waiting, head: Position | undefined, reverse: boolean): boolean {
  if (head === undefined) return true;
  return reverse ? last >= head.aligned : first <= head.aligned;
}

/** Leaves out what comes up to a position of the answer. */
export function skipUpTo(run: Run, after: Position, direction: number): void {
  let low = run.next;
  let high = run.order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePositions(positionAt(run, middle), after) * direction <= 0) low = middle + 1;
    else high = middle;
  }
  run.next = low;
}

/** Blocks that may hold chosen records, in the order in which the merge reaches them. */
export function listBlocks(
  sessions: readonly SessionBlocks[],
  filter: BlockFilter,
  after: Position | undefined,
  reverse: boolean,
): Waiting[] {
  const waiting: Waiting[] = [];
  for (const session of sessions) {
    const offset = offsetOf(session.view.description);
    for (const ref of session.refs) {
      const first = ref.firstTime + offset;
      const last = ref.lastTime + offset;
      if (ref.records === 0 || !filter.overlaps(first, last)) continue;
      if (after !== undefined && (reverse ? first > after.aligned : last < after.aligned)) continue;
      waiting.push({ session, ref, first, last });
    }
  }
  const byTime = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
  return waiting.sort((a, b) => (reverse ? byTime(b.last, a.last) : byTime(a.first, b.first)));
}
