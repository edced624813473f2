import {
  createBudget,
  type Envelope,
  LIMITS,
  ReusedBuffers,
  refusalOf,
  SectionReader,
  SectionWriter,
  SummaryColumns,
  sections,
} from "@wayward/block";
import { TableSum } from "./summary-table.ts";

/** Where a section is decoded: its sums are taken at once, and none is interrupted. */
const buffers = new ReusedBuffers();

/**
 * One summary section from those of several blocks of one session: the same
 * as `mergeSummaries` of packages/block makes of what its reader gives, at a
 * third of its cost. Throws a refusal if a section is damaged.
 */
export function mergeSections(list: readonly Uint8Array[]): Uint8Array {
  const tables = new Map<number, TableSum>();
  for (const section of list) {
    buffers.clear();
    const reader = new SectionReader(section, createBudget(LIMITS.unpackedBytes), buffers);
    while (!reader.done) {
      const dimension = reader.byte();
      const table = tables.get(dimension) ?? new TableSum();
      tables.set(dimension, table);
      table.add(new SummaryColumns(reader));
    }
  }
  const writer = new SectionWriter(true);
  for (const [dimension, table] of tables) {
    writer.byte(dimension);
    table.write(writer);
  }
  return writer.bytes();
}

/** True if the block's summary can be read: whoever wrote it may have written anything. */
export function hasReadableSummary(block: Envelope): boolean {
  try {
    mergeSections([sections(block).summary]);
    return true;
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    return false;
  }
}
