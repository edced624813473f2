import { type Dictionary, numberAt, type SummaryColumns } from "@wayward/block";
import { familyOf } from "@wayward/record";
import type { BlockFilter } from "../filter/block-filter.ts";
import type { SessionBlocks } from "../snapshot/blocks.ts";
import type { Summed } from "../snapshot/footer.ts";
import type { Group } from "./group.ts";
import { pairedKey } from "./names.ts";
import type { CountQuestion } from "./plan.ts";
import type { SummaryDimension } from "./summaries.ts";
import type { Tally } from "./tally.ts";

export interface SummedSession {
  readonly session: SessionBlocks;
  readonly dimension: SummaryDimension;
  readonly filter: BlockFilter;
  readonly question: CountQuestion;
}

/** Adds the rows of one session's summaries to the groups that they belong to. */
export function addSummaries(summaries: readonly Summed[], summed: SummedSession, tally: Tally): void {
  const { dimension } = summed;
  const groups = new SessionGroups(summed, tally);
  const measured = dimension !== "kind" && dimension !== "lane" && dimension !== "channel";
  for (const summary of summaries) {
    let counted = 0;
    eachRow(summary.table(dimension), groups, (group, table, row) => {
      if (measured) group.addRow(table, row);
      else group.count += numberAt(table.counts, row);
      counted += numberAt(table.counts, row);
    });
    if (dimension === "lockHold") {
      eachRow(summary.table("lockWait"), groups, (group, table, row) => {
        group.contended += numberAt(table.counts, row);
      });
    }
    if (dimension === "channel") {
      const others = recordsOf(summary) - counted;
      if (others > 0) groups.withoutChannel().count += others;
    }
  }
}

function eachRow(
  table: SummaryColumns | undefined,
  groups: SessionGroups,
  add: (group: Group, table: SummaryColumns, row: number) => void,
): void {
  if (table === undefined) return;
  for (let row = 0; row < table.rows; row++) {
    // A row may be there for its changes of lane only.
    if (numberAt(table.counts, row) === 0) continue;
    const group = groups.of(numberAt(table.key1, row), numberAt(table.key2, row));
    if (group !== undefined) add(group, table, row);
  }
}

function recordsOf(summary: Summed): number {
  const kinds = summary.table("kind");
  let records = 0;
  for (let row = 0; row < (kinds?.rows ?? 0); row++) records += numberAt(kinds!.counts, row);
  return records;
}

/** The groups of one session's rows: names are made once, however many summaries have the row. */
class SessionGroups {
  readonly #summed: SummedSession;
  readonly #dictionary: Dictionary;
  readonly #tally: Tally;
  /** By the second key, of which there are few, then by the first. */
  readonly #known = new Map<number, Map<number, Group>>();

  constructor(summed: SummedSession, tally: Tally) {
    this.#summed = summed;
    this.#dictionary = summed.session.wholeDictionary();
    this.#tally = tally;
  }

  /** Undefined where the row's kind was not chosen. */
  of(key1: number, key2: number): Group | undefined {
    const known = this.#known.get(key2) ?? new Map<number, Group>();
    this.#known.set(key2, known);
    const group = known.get(key1) ?? this.#make(key1, key2);
    if (group !== undefined) known.set(key1, group);
    return group;
  }

  /** Records that have no channel. */
  withoutChannel(): Group {
    const { session, question } = this.#summed;
    const nameOf = (group: string) => (group === "channel" ? "" : pairedKey(group, session, this.#dictionary, 0, 0));
    return this.#tally.group(question.groupBy.map(nameOf));
  }

  #make(key1: number, key2: number): Group | undefined {
    const { session, dimension, filter, question } = this.#summed;
    const number = dimension === "kind" ? key1 : dimension === "lane" ? key2 : undefined;
    const kind = number === undefined ? "" : (this.#dictionary.kind(number)?.name ?? `kind#${number}`);
    if (number !== undefined && !filter.choosesKind(kind)) return undefined;
    const nameOf = (group: string) => {
      if (group === "kind") return kind;
      if (group === "family") return familyOf(kind);
      if (group === "lane") return this.#dictionary.name("lane", key1);
      if (group === "channel") return this.#dictionary.string(key1);
      return pairedKey(group, session, this.#dictionary, key1, key2);
    };
    return this.#tally.group(question.groupBy.map(nameOf));
  }
}
