import type { Losses } from "../losses.ts";
import type { Reached } from "../place/reached.ts";
import { type BlockRef, SessionBlocks } from "../snapshot/blocks.ts";
import type { Snapshot } from "../snapshot/catalogue.ts";
import type { SessionView } from "../snapshot/session.ts";
import type { BlockSource } from "../snapshot/source.ts";

/** A block in the order of arrival. */
export interface Arrival {
  readonly session: SessionBlocks;
  readonly ref: BlockRef;
}

/**
 * Blocks as they arrived, without those that `reached` has: partition by
 * partition as the log commits them, an entry's by (session, seq), then what
 * only the bus has by (session, seq). `reached` moves on with the log; who
 * takes a block tells it when that is done.
 */
export async function* arrivals(
  { sessions, partitions }: Snapshot,
  source: BlockSource,
  reached: Reached,
  losses: Losses,
): AsyncGenerator<Arrival> {
  const readable = sessions.filter(({ deleted, expired }) => !deleted && !expired);
  for (const { partition, logNumber } of partitions) {
    const own = readable.filter((view) => view.partition === partition);
    yield* archived(own, partition, source, reached, losses);
    reached.reach(partition, logNumber);
  }
  for (const view of readable) {
    if (view.tail.size === 0) continue;
    const session = await SessionBlocks.open(view, source, losses);
    const tail = session.refs.filter(({ seq }) => view.tail.has(seq));
    yield* unsent(session, tail, reached);
  }
}

async function* archived(
  views: readonly SessionView[],
  partition: number,
  source: BlockSource,
  reached: Reached,
  losses: Losses,
): AsyncGenerator<Arrival> {
  const upTo = reached.logNumber(partition);
  const steps = views.flatMap((view) => view.places.filter(({ n }) => n > upTo).map((place) => ({ view, place })));
  steps.sort((a, b) => (a.place.n < b.place.n ? -1 : a.place.n > b.place.n ? 1 : a.view.text < b.view.text ? -1 : 1));
  const open = new Map<string, SessionBlocks>();
  let n: bigint | undefined;
  for (const { view, place } of steps) {
    if (n !== undefined && n !== place.n) reached.reach(partition, n);
    n = place.n;
    const session = open.get(view.text) ?? (await SessionBlocks.open(view, source, losses));
    open.set(view.text, session);
    yield* unsent(session, session.refsIn(place.ranges), reached);
  }
}

function* unsent(session: SessionBlocks, refs: readonly BlockRef[], reached: Reached): Generator<Arrival> {
  for (const ref of refs) if (!reached.has(session.view, ref.seq)) yield { session, ref };
}
