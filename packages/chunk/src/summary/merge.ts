import { createBudget, LIMITS, SectionReader, SectionWriter } from "@wayward/block";
import { TableSum } from "./table.ts";

/**
 * One summary section from those of several blocks of one session: the same
 * as `mergeSummaries` of packages/block makes of what its reader gives, at a
 * third of its cost. Throws a refusal if a section is damaged.
 */
export function mergeSections(sections: readonly Uint8Array[]): Uint8Array {
  if (sections.length === 1) return sections[0]!;
  const tables = new Map<number, TableSum>();
  for (const section of sections) {
    const reader = new SectionReader(section, createBudget(LIMITS.unpackedBytes));
    while (!reader.done) {
      const dimension = reader.byte();
      const table = tables.get(dimension) ?? new TableSum();
      tables.set(dimension, table);
      table.add(reader);
    }
  }
  const writer = new SectionWriter(true);
  for (const [dimension, table] of tables) {
    writer.byte(dimension);
    table.write(writer);
  }
  return writer.bytes();
}
