import { type Dictionary, readSummary, type SummaryRow, sections } from "@wayward/block";
import { familyOf } from "@wayward/record";
import type { BlockFilter } from "../filter/block-filter.ts";
import { dictionaryGap, type GapList } from "../gaps.ts";
import type { SessionBlocks } from "../snapshot/blocks.ts";
import { pairedKey } from "./names.ts";
import { type CountPlan, type CountQuestion, planCount } from "./plan.ts";
import { scanPaired, scanRecords } from "./scan.ts";
import { Tally } from "./tally.ts";

export interface Counted {
  readonly tally: Tally;
  /** True if no record had to be read. */
  readonly fromSummaries: boolean;
}

/** Counts and sums over sessions, from summaries where they suffice. Throws INVALID_ARGUMENT / BAD_COUNT. */
export async function countSessions(
  sessions: AsyncIterable<SessionBlocks>,
  filter: BlockFilter,
  question: CountQuestion,
  gaps: GapList,
): Promise<Counted> {
  const plan = planCount(question);
  const tally = new Tally();
  const fromSummaries = !question.scan && summariesSuffice(plan, filter, question);
  for await (const session of sessions) {
    if (fromSummaries) await countSummaries(session, filter, plan, question, tally, gaps);
    else if (plan.type === "paired") await scanPaired(session, filter, plan.dimension, question.groupBy, tally);
    else await scanRecords(session, filter, question, tally);
  }
  return { tally, fromSummaries };
}

function summariesSuffice(plan: CountPlan, filter: BlockFilter, { measure }: CountQuestion): boolean {
  if (!filter.isByKindOnly) return false;
  if (plan.type === "paired") return !filter.choosesSomeKinds;
  return plan.fields.length === 0 && measure === "";
}

async function countSummaries(
  session: SessionBlocks,
  filter: BlockFilter,
  plan: CountPlan,
  { groupBy }: CountQuestion,
  tally: Tally,
  gaps: GapList,
): Promise<void> {
  const dictionary = session.wholeDictionary();
  const dimension = plan.type === "paired" ? plan.dimension : plan.byLane ? "lane" : "kind";
  const keysOf = keyMaker(session, dictionary, groupBy);
  for (const section of await summarySections(session)) {
    const summary = readSummary(section);
    const table = summary.get(dimension);
    tally.other += BigInt(table?.other ?? 0);
    for (const row of table?.rows ?? []) {
      const keys = keysOf(dimension, row, filter);
      if (keys !== undefined) tally.addRow(keys, plan.type === "paired" ? row : countOnly(row));
    }
    if (dimension !== "lockHold") continue;
    for (const row of summary.get("lockWait")?.rows ?? []) {
      const keys = keysOf("lockWait", row, filter);
      if (keys !== undefined) tally.addContended(keys, row.count);
    }
  }
  dictionaryGap(session.view.id, dictionary, gaps);
}

/** Merged ones of whole chunks, and those of the blocks that only the bus has. */
async function summarySections(session: SessionBlocks): Promise<Uint8Array[]> {
  const tail = [...session.view.tail.values()].map((envelope) => sections(envelope).summary);
  return [...session.summaries, ...tail];
}

/** Without a measure the sums of a kind's own measure are not asked for. */
function countOnly(row: SummaryRow): SummaryRow {
  return { ...row, sum: 0n, histogram: new Uint32Array(0) };
}

type RowKeys = (dimension: string, row: SummaryRow, filter: BlockFilter) => string[] | undefined;

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
      return pairedKey(group, session, dictionary, row.key1, row.key2);
    });
  };
}
