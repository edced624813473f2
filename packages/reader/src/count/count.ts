import type { BlockFilter } from "../filter/block-filter.ts";
import { dictionaryGap, type GapList } from "../gaps.ts";
import type { SessionBlocks } from "../snapshot/blocks.ts";
import { addSummaries } from "./add-summaries.ts";
import type { Pace } from "./pace.ts";
import { scanPaired } from "./paired.ts";
import { type CountPlan, type CountQuestion, planCount } from "./plan.ts";
import { scanRecords } from "./records.ts";
import { planSession, type SummaryDimension } from "./summaries.ts";
import type { Tally } from "./tally.ts";

export interface CountSource {
  readonly sessions: AsyncIterable<SessionBlocks>;
  readonly filter: BlockFilter;
  readonly question: CountQuestion;
  readonly gaps: GapList;
  readonly pace: Pace;
}

/**
 * Counts and sums over sessions into the tally: from summaries where a chunk
 * or block lies in the time range whole, record by record at its edges. True
 * if no record had to be read. Throws INVALID_ARGUMENT / BAD_COUNT, and what
 * `pace` throws.
 */
export async function countSessions(source: CountSource, tally: Tally): Promise<boolean> {
  const { sessions, filter, question, gaps, pace } = source;
  const plan = planCount(question);
  const dimension = question.scan ? undefined : summaryDimension(plan, filter, question);
  let fromSummaries = dimension !== undefined;
  for await (const session of sessions) {
    const split = dimension === undefined ? undefined : await planSession(session, filter, dimension, pace);
    if (split === undefined) fromSummaries = false;
    else if (split.scanned.length > 0) fromSummaries = false;
    if (split !== undefined) addSummaries(split.summaries, { session, dimension: dimension!, filter, question }, tally);
    if (split !== undefined) dictionaryGap(session.view.id, session.wholeDictionary(), gaps);
    const refs = split?.scanned ?? session.refs;
    if (refs.length === 0) continue;
    if (plan.type === "paired") {
      await scanPaired(session, refs, filter, plan.dimension, question.groupBy, tally, pace);
    } else await scanRecords(session, refs, filter, question, tally, pace);
  }
  return fromSummaries;
}

/** The dimension that answers, or undefined where records must be read. */
function summaryDimension(
  plan: CountPlan,
  filter: BlockFilter,
  { measure, groupBy }: CountQuestion,
): SummaryDimension | undefined {
  if (!filter.isByKindAndTimeOnly) return undefined;
  if (plan.type === "paired") return filter.choosesSomeKinds ? undefined : plan.dimension;
  if (measure !== "") return undefined;
  if (plan.fields.length === 0) return plan.byLane ? "lane" : "kind";
  const isChannel = plan.fields.every((field) => field === "channel");
  const alone = groupBy.every((group) => ["channel", "session", "host"].includes(group));
  return isChannel && alone && !filter.choosesSomeKinds ? "channel" : undefined;
}
