import type { block as api } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import { type Buffers, OWN_BUFFERS } from "./coding/buffers.ts";
import { Columns } from "./columns/columns.ts";
import { Dictionary } from "./dictionary/reader.ts";
import { type Envelope, sections } from "./envelope.ts";
import { type OpenSet, readOpenSet } from "./pairing/open-set.ts";
import { type Budget, createBudget, refuse } from "./section.ts";
import { LazySummary } from "./summary/lazy.ts";
import { readSummary } from "./summary/section.ts";
import type { Summary } from "./summary/tables.ts";

/** A block whose parts are decoded when asked for. */
export class Block {
  readonly envelope: Envelope;
  readonly #budget: Budget;
  readonly #buffers: Buffers;
  #columns: Columns | undefined;
  #openSet: OpenSet | undefined;
  #summary: LazySummary | undefined;

  /** Columns are decoded into the buffers. */
  constructor(envelope: Envelope, buffers: Buffers = OWN_BUFFERS) {
    this.envelope = envelope;
    this.#buffers = buffers;
    this.#budget = createBudget(envelope.header.unpackedLength);
  }

  get header(): api.BlockHeader {
    return this.envelope.header;
  }

  /** Bytes that it and what is decoded of it take, roughly. */
  get memory(): number {
    return this.envelope.bytes.length + (this.#columns?.memory ?? 0) + (this.#summary?.memory ?? 0);
  }

  /** What this block adds to its epoch's dictionary. */
  get dictionarySection(): Uint8Array {
    return sections(this.envelope).dictionary;
  }

  /** Throws a refusal if the section is damaged. */
  get columns(): Columns {
    const { columns } = sections(this.envelope);
    this.#columns ??= new Columns(columns, this.header.recordCount, this.#budget, this.#buffers);
    return this.#columns;
  }

  /** Throws a refusal if the section is damaged. */
  get openSet(): OpenSet {
    this.#openSet ??= readOpenSet(sections(this.envelope).openSet, this.#budget);
    return this.#openSet;
  }

  get summary(): LazySummary {
    this.#summary ??= new LazySummary(sections(this.envelope).summary);
    return this.#summary;
  }

  /** Decodes all of the summary, anew each time. Throws a refusal if the section is damaged. */
  readSummary(): Summary {
    return readSummary(sections(this.envelope).summary);
  }
}

/**
 * Decodes everything in a block and checks that its streams add up to what
 * the header declares. `dictionary` holds what its epoch defined before it,
 * and afterwards also what it defines. Throws a refusal.
 */
export function verifyBlock(envelope: Envelope, dictionary: Dictionary = new Dictionary()): Block {
  const parts = sections(envelope);
  const budget = createBudget(envelope.header.unpackedLength);
  dictionary.add(parts.dictionary, budget);
  readSummary(parts.summary, budget);
  readOpenSet(parts.openSet, budget);
  const columns = new Columns(parts.columns, envelope.header.recordCount, budget);
  columns.decodeShared();
  let unknown = 0;
  for (const [slot, { number }] of columns.kinds.entries()) {
    const kind = dictionary.kind(number);
    if (kind === undefined) unknown++;
    else columns.columns(slot, kind).decodeAll();
  }
  // Columns of a kind that nobody defined cannot be counted.
  if (budget.left > 0 && unknown === 0) {
    throw refuse("STREAM_LENGTH", `the header declares ${budget.left} bytes more than the streams have`);
  }
  checkTimes(envelope.header, columns);
  return new Block(envelope);
}

function checkTimes(header: api.BlockHeader, columns: Columns): void {
  if (columns.count === 0) return;
  let first = columns.times[0]!;
  let last = first;
  for (const time of columns.times) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  if (first === header.firstTime && last === header.lastTime) return;
  throw refuse(
    "BAD_VALUE",
    `times run from ${first} to ${last}, the header says ${header.firstTime} to ${header.lastTime}`,
  );
}

/** The refusal's reason, or undefined if the error is another one. */
export function refusalOf(error: unknown): string | undefined {
  return error instanceof WaywardError && error.code === "INVALID_ARGUMENT" ? error.reason : undefined;
}
