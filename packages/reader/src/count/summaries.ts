import type { BlockFilter } from "../filter/block-filter.ts";
import type { BlockRef, SessionBlocks, SummaryPart } from "../snapshot/blocks.ts";
import type { Summed } from "../snapshot/footer.ts";
import { offsetOf } from "../snapshot/session.ts";
import type { Pace } from "./pace.ts";
import type { PairedDimension } from "./plan.ts";

export type SummaryDimension = PairedDimension | "kind" | "lane" | "channel";

/** What answers for one session: summaries, and the blocks that must be read. */
export interface SessionPlan {
  readonly summaries: readonly Summed[];
  readonly scanned: readonly BlockRef[];
}

/**
 * Takes a chunk's summary where all of it lies in the time range, else its
 * blocks' own, and leaves the blocks at the range's edges to be read. So too
 * where a summary had more rows than it may have. Undefined where the edges
 * cannot be read by themselves.
 */
export async function planSession(
  session: SessionBlocks,
  filter: BlockFilter,
  dimension: SummaryDimension,
  pace: Pace,
): Promise<SessionPlan | undefined> {
  if (dimension === "channel" && !channelIsLogOnly(session)) return undefined;
  const offset = offsetOf(session.view.description);
  const inside = ({ firstTime, lastTime }: Times) => filter.takesTimes(firstTime + offset, lastTime + offset);
  const outside = ({ firstTime, lastTime }: Times) => !filter.overlaps(firstTime + offset, lastTime + offset);
  const summaries: Summed[] = [];
  const scanned: BlockRef[] = [];
  for (const part of session.parts) {
    const merged = inside(part) ? part.summary : undefined;
    if (merged !== undefined && isWhole(merged, dimension)) {
      summaries.push(merged);
      continue;
    }
    for (const ref of part.refs) {
      if (ref.records === 0 || outside(ref)) continue;
      await pace.step();
      if (!inside(ref)) {
        scanned.push(ref);
        continue;
      }
      const own = (await session.load(ref))?.summary;
      if (own === undefined) continue;
      if (isWhole(own, dimension)) summaries.push(own);
      else scanned.push(ref);
    }
  }
  scanned.sort((a, b) => (a.seq < b.seq ? -1 : 1));
  return (await canScanAlone(session, scanned, dimension)) ? { summaries, scanned } : undefined;
}

type Times = Pick<SummaryPart, "firstTime" | "lastTime">;

/** True unless rows of the dimension did not fit. */
function isWhole(summary: Summed, dimension: SummaryDimension): boolean {
  const fits = (name: SummaryDimension) => (summary.table(name)?.other ?? 0) === 0;
  return fits(dimension) && (dimension !== "lockHold" || fits("lockWait"));
}

/**
 * Pairing may begin in the middle where the block says all that was open. It
 * does not say which jobs were waiting.
 */
async function canScanAlone(
  session: SessionBlocks,
  refs: readonly BlockRef[],
  dimension: SummaryDimension,
): Promise<boolean> {
  if (refs.length === 0 || dimension === "kind" || dimension === "lane" || dimension === "channel") return true;
  if (dimension === "queueWait") return false;
  for (const ref of refs) {
    const block = await session.load(ref);
    if (block !== undefined && block.openSet.leftOut > 0) return false;
  }
  return true;
}

/** Other kinds may have a field of that name too, which the summary does not count. */
function channelIsLogOnly(session: SessionBlocks): boolean {
  return [...session.wholeDictionary().kinds().values()].every(
    ({ name, fields }) => name === "log.message" || fields.every((field) => field.name !== "channel"),
  );
}
