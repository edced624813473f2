import type { Block } from "@wayward/block";
import type { BlockRef, SessionBlocks } from "../snapshot/blocks.ts";
import { listBlocks, type MergeOptions, mergeSessions, skipUpTo } from "./merge.ts";
import { chooseRun, type Position, positionAt, tellDrops } from "./run.ts";

/** A block with the places of its chosen records; undefined means all of them. */
export interface Pick {
  readonly session: SessionBlocks;
  readonly block: Block;
  readonly picked: Uint32Array | undefined;
}

/** Blocks with chosen records, by their first aligned times, or by their last ones in reverse. What is chosen whole is not decoded. */
export async function* pickAll(sessions: readonly SessionBlocks[], options: MergeOptions): AsyncGenerator<Pick> {
  const { filter, reverse, after, gaps, signal } = options;
  for (const { session, ref, first, last } of listBlocks(sessions, filter, after, reverse)) {
    signal.throwIfAborted();
    const block = await session.load(ref);
    if (block === undefined) continue;
    const dictionary = session.dictionary(ref.seq);
    if (mayTellDrops(session, ref)) tellDrops(session.view.id, block, dictionary, gaps);
    const crossed = after !== undefined && (reverse ? last >= after.aligned : first <= after.aligned);
    if (!crossed && filter.takesWhole(first, last)) {
      yield { session, block, picked: undefined };
      continue;
    }
    const run = chooseRun(session.view, block, dictionary, filter, reverse);
    if (run === undefined) continue;
    if (after !== undefined) skipUpTo(run, after, reverse ? -1 : 1);
    const picked = run.order.subarray(run.next);
    if (picked.length > 0) yield { session, block, picked: picked.length === block.columns.count ? undefined : picked };
  }
}

/**
 * The first `limit` records in order of time, as blocks. Which those are is
 * known only after the last, so the blocks are loaded once more to be sent.
 */
export async function* pickSome(
  sessions: readonly SessionBlocks[],
  options: MergeOptions,
  limit: number,
  sum: { last: Position | undefined },
): AsyncGenerator<Pick> {
  const found = new Map<BlockRef, { readonly session: SessionBlocks; readonly places: number[] }>();
  let left = limit;
  for await (const { run, session, ref, from, until } of mergeSessions(sessions, options)) {
    const known = found.get(ref) ?? { session, places: [] };
    found.set(ref, known);
    const end = Math.min(until, from + left);
    for (let place = from; place < end; place++) known.places.push(run.order[place]!);
    left -= end - from;
    if (left > 0) continue;
    sum.last = positionAt(run, end - 1);
    break;
  }
  const { filter, after, reverse } = options;
  for (const { ref } of listBlocks(sessions, filter, after, reverse)) {
    const known = found.get(ref);
    if (known === undefined) continue;
    const block = await known.session.load(ref);
    if (block !== undefined) yield { session: known.session, block, picked: Uint32Array.from(known.places) };
  }
}

/** False where nothing in the block's epoch can be the record of a drop, so that it need not be decoded for that. */
function mayTellDrops(session: SessionBlocks, { seq }: BlockRef): boolean {
  const kinds = session.dictionary(seq).kinds();
  return [...kinds.values()].some(({ name }) => name === "drop.records");
}
