import type { Dictionary, Summary, SummaryRow } from "@wayward/block";
import { familyOf } from "@wayward/record";
import type { BlockFilter } from "../filter/block-filter.ts";
import { dictionaryGap, type GapList } from "../gaps.ts";
import type { SessionBlocks } from "../snapshot/blocks.ts";
import { pairedKey } from "./names.ts";
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
  const { sessions, filter, question, pace } = source;
  const plan = planCount(question);
  const dimension = question.scan ? undefined : summaryDimension(plan, filter, question);
  let fromSummaries = dimension !== undefined;
  for await (const session of sessions) {
    const split = dimension === undefined ? undefined : await planSession(session, filter, dimension, pace);
    if (split === undefined) fromSummaries = false;
    else if (split.scanned.length > 0) fromSummaries = false;
    for (const summary of split?.summaries ?? []) {
      addSummary(summary, dimension!, session, source, tally, plan.type === "paired");
    }
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

function addSummary(
  summary: Summary,
  dimension: SummaryDimension,
  session: SessionBlocks,
  { filter, question: { groupBy }, gaps }: Pick<CountSource, "filter" | "question" | "gaps">,
  tally: Tally,
  paired: boolean,
): void {
  const dictionary = session.wholeDictionary();
  const keysOf = keyMaker(session, dictionary, groupBy);
  let counted = 0;
  for (const row of summary.get(dimension)?.rows ?? []) {
    // A row may be there for its changes of lane only.
    if (row.count === 0) continue;
    const keys = keysOf(dimension, row, filter);
    if (keys === undefined) continue;
    counted += row.count;
    if (paired) tally.addRow(keys, row);
    else tally.addMany(keys, row.count);
  }
  if (dimension === "lockHold") {
    for (const row of summary.get("lockWait")?.rows ?? []) {
      tally.addContended(keysOf("lockWait", row, filter)!, row.count);
    }
  }
  if (dimension === "channel") {
    // Records that have no channel.
    const all = (summary.get("kind")?.rows ?? []).reduce((sum, { count }) => sum + count, 0);
    const keys = groupBy.map((group) => (group === "channel" ? "" : pairedKey(group, session, dictionary, 0, 0)));
    if (all > counted) tally.addMany(keys, all - counted);
  }
  dictionaryGap(session.view.id, dictionary, gaps);
}

type RowKeys = (dimension: SummaryDimension, row: SummaryRow, filter: BlockFilter) => string[] | undefined;

/** Names of a summary row's groups; undefined where its kind was not chosen. */
function keyMaker(session: SessionBlocks, dictionary: Dictionary, groupBy: readonly string[]): RowKeys {
  return (dimension, row, filter) => {
    const number = dimension === "kind" ? row.key1 : dimension === "lane" ? row.key2 : undefined;
    const kind = number === undefined ? "" : (dictionary.kind(number)?.name ?? `kind#${number}`);
    if (number !== undefined && !filter.choosesKind(kind)) return undefined;
    return groupBy.map((group) => {
      if (group === "kind") return kind;
      if (group === "family") return familyOf(kind);
      if (group === "lane") return dictionary.name("lane", row.key1);
      if (group === "channel") return dictionary.string(row.key1);
      return pairedKey(group, session, dictionary, row.key1, row.key2);
    });
  };
}
