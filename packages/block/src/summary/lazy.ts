import { LIMITS } from "../limits.ts";
import { createBudget, type Part, SectionReader } from "../section.ts";
import { passTable, SummaryColumns } from "./columns.ts";
import { dimensionOf } from "./section.ts";
import type { Dimension } from "./tables.ts";

/** A summary whose tables are decoded when they are asked for, and kept: a question is about one of ten. */
export class LazySummary {
  readonly #section: Uint8Array;
  #parts: Map<Dimension, Part> | undefined;
  readonly #tables = new Map<Dimension, SummaryColumns>();

  constructor(section: Uint8Array) {
    this.#section = section;
  }

  /** Undefined where nothing was counted by it. Throws a refusal if the section or this table is damaged. */
  table(dimension: Dimension): SummaryColumns | undefined {
    const known = this.#tables.get(dimension);
    if (known !== undefined) return known;
    this.#parts ??= partsOf(this.#section);
    const table = this.#parts.get(dimension)?.read((reader) => new SummaryColumns(reader));
    if (table !== undefined) this.#tables.set(dimension, table);
    return table;
  }

  /** Bytes that the tables asked for take, roughly, beside the section. */
  get memory(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) bytes += table.memory;
    return bytes;
  }
}

function partsOf(section: Uint8Array): Map<Dimension, Part> {
  const reader = new SectionReader(section, createBudget(LIMITS.unpackedBytes));
  const parts = new Map<Dimension, Part>();
  while (!reader.done) {
    const dimension = dimensionOf(reader.byte());
    parts.set(dimension, reader.part(passTable));
  }
  return parts;
}
