import { type archive, selection } from "@wayward/api";
import { RangeSet } from "@wayward/chunk";
import type { GapList } from "./gaps.ts";
import { sessionTest } from "./selector.ts";
import type { Catalogue } from "./snapshot/catalogue.ts";
import type { SessionView } from "./snapshot/session.ts";

const { GapCause } = selection;

/** Blocks of one session that could not be read, and the gap that tells of them. */
export interface Loss {
  readonly session: string;
  readonly first: bigint;
  readonly last: bigint;
  readonly gap: selection.Gap;
}

/** Blocks that one answer could not read, as the chunks that hold them are not in the store. */
export class Losses {
  #sessions = new Map<string, { readonly id: Uint8Array; readonly blocks: RangeSet }>();

  add({ id, text }: Pick<SessionView, "id" | "text">, first: bigint, last: bigint): void {
    const known = this.#sessions.get(text);
    if (known !== undefined) known.blocks.add(first, last);
    else this.#sessions.set(text, { id, blocks: RangeSet.from([{ first, last }]) });
  }

  /** Lists as gaps what was lost since the last call. */
  async tell(catalogue: Catalogue, gaps: GapList): Promise<void> {
    for (const { gap } of await this.take(catalogue)) gaps.add(gap);
  }

  /**
   * What was lost since the last call. The log's present end says why: where
   * retention or a deletion took the session while it was read, the entry
   * that says so stood before the chunk went.
   */
  async take(catalogue: Catalogue): Promise<Loss[]> {
    if (this.#sessions.size === 0) return [];
    const lost = this.#sessions;
    this.#sessions = new Map();
    const ids = [...lost.values()].map(({ id }) => Buffer.from(id));
    const now = await catalogue.snapshot(sessionTest(selection.Selector.fromPartial({ sessions: ids })));
    const views = new Map(now.sessions.map((view) => [view.text, view]));
    return [...lost].flatMap(([session, { id, blocks }]) =>
      reasons(blocks, views.get(session)).map(({ first, last, cause, why }) => {
        const message = `blocks ${first} to ${last} ${why}`;
        const gap = { session: Buffer.from(id), cause, firstSeq: first, lastSeq: last, message };
        return { session, first, last, gap: selection.Gap.fromPartial(gap) };
      }),
    );
  }
}

interface Reason extends archive.Range {
  readonly cause: selection.GapCause;
  readonly why: string;
}

function reasons(blocks: RangeSet, view: SessionView | undefined): Reason[] {
  if (view?.deleted) {
    const [cause, why] = [GapCause.GAP_CAUSE_DELETED, "went as the session was deleted"];
    return blocks.toArray().map((range) => ({ ...range, cause, why }));
  }
  // One that has spoken again since has expired up to there.
  const left = view?.expired ? new RangeSet() : blocks.minus(RangeSet.from(view?.letGo ?? []));
  const [cause, why] = [GapCause.GAP_CAUSE_EXPIRED, "went as the session expired"];
  const expired = blocks.minus(left).toArray();
  const missing = byChunk(left, view?.places ?? []);
  return [
    ...expired.map((range) => ({ ...range, cause, why })),
    ...missing.map(({ first, last, chunk }) => ({
      first,
      last,
      cause: GapCause.GAP_CAUSE_CHUNK_MISSING,
      why: `are missing: ${chunk} is not in the store`,
    })),
  ];
}

/** Whoever restores a chunk needs its key. */
function byChunk(blocks: RangeSet, places: readonly archive.Place[]): (archive.Range & { readonly chunk: string })[] {
  let left = blocks;
  const found = places.flatMap(({ chunk, ranges }) => {
    const others = left.minus(RangeSet.from(ranges));
    const here = left.minus(others);
    left = others;
    return here.toArray().map((range) => ({ ...range, chunk: `chunk ${chunk?.key}` }));
  });
  return [...found, ...left.toArray().map((range) => ({ ...range, chunk: "their chunk" }))];
}
