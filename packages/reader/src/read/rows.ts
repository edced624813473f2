import type { selection } from "@wayward/api";
import {
  type Block,
  type Cell,
  type Column,
  cellAt,
  type Dictionary,
  messageAt,
  type Scalar,
  shownColumns,
  shownKind,
} from "@wayward/block";
import type { Kind } from "@wayward/record";
import type { SessionView } from "../snapshot/session.ts";

/** What a record of a block is read from. */
export interface RowSource {
  readonly view: Pick<SessionView, "id" | "text" | "description">;
  readonly dictionary: Dictionary;
  readonly offset: bigint;
  readonly block: Block;
  readonly eventNos: Float64Array;
  readonly placeOf: Uint32Array;
  readonly lanes: Uint32Array;
}

/** Makes the row messages of one stream. Tables are sent once, before the rows that refer to them. */
export class RowWriter {
  readonly #tables = new Tables();
  #rows: selection.Row[] = [];
  /** Blocks under way, so that what their records share is looked up once. */
  readonly #blocks = new WeakMap<RowSource, BlockRows>();

  get rows(): number {
    return this.#rows.length;
  }

  /** What was added since the last call. */
  take(): selection.RowBatch {
    const rows = this.#rows;
    this.#rows = [];
    return { ...this.#tables.take(), rows };
  }

  add(source: RowSource, index: number): void {
    let block = this.#blocks.get(source);
    if (block === undefined) {
      block = new BlockRows(source, this.#tables);
      this.#blocks.set(source, block);
    }
    this.#rows.push(block.row(index));
  }
}

/** A kind as the protocol shows it. */
export function kindEntry(id: number, kind: Kind): selection.KindEntry {
  const fields = shownKind(kind).fields.map(({ name, type, role, unit, table, labels }) => ({
    name,
    type,
    role,
    unit,
    detail: table ?? labels?.join(",") ?? "",
  }));
  return { id, name: kind.name, fields };
}

type Entries = Omit<selection.RowBatch, "rows">;

/** Numbers of what rows refer to in one stream; new entries are kept until they are sent. */
class Tables {
  #new = noEntries();
  readonly #sessions = new Map<string, number>();
  readonly #kinds = new Map<string, number>();
  readonly #lanes = new Map<string, number>();
  readonly #sites = new Map<string, number>();

  take(): Entries {
    const entries = this.#new;
    this.#new = noEntries();
    return entries;
  }

  session({ id, text, description }: RowSource["view"]): number {
    return entry(this.#sessions, text, (made) => {
      this.#new.sessions.push({ id: made, session: Buffer.from(id), description });
    });
  }

  kind(kind: Kind | undefined, number: number): number {
    if (kind !== undefined) return entry(this.#kinds, kind.text, (id) => this.#new.kinds.push(kindEntry(id, kind)));
    const name = `kind#${number}`;
    return entry(this.#kinds, name, (id) => this.#new.kinds.push({ id, name, fields: [] }));
  }

  /** A lane that was renamed is sent again under its new name. */
  lane(session: number, text: string, number: number, dictionary: Dictionary): number {
    const lane = dictionary.lane(number);
    const name = lane?.name ?? `lane#${number}`;
    return entry(this.#lanes, `${text}/${number}/${name}`, (id) => {
      this.#new.lanes.push({ id, session, lane: number, name, kind: lane?.kind ?? "thread" });
    });
  }

  site(text: string, number: number, dictionary: Dictionary): number {
    return entry(this.#sites, `${text}/${number}`, (id) => {
      const site = dictionary.site(number);
      const unknown = { function: `site#${number}`, file: "", line: 0, text: "" };
      this.#new.sites.push({ id, ...(site ?? unknown) });
    });
  }
}

/** What a kind's records have of their own. */
type OwnPart = Pick<selection.Row, "site" | "values" | "text" | "traceId" | "spanId">;
type Own = (place: number) => OwnPart;

const NO_BYTES = Buffer.alloc(0);

/** Rows of one block. */
class BlockRows {
  readonly #source: RowSource;
  readonly #tables: Tables;
  readonly #session: number;
  readonly #kinds: ({ readonly id: number; readonly own: Own } | undefined)[] = [];
  readonly #lanes: number[] = [];
  readonly #sites: number[] = [];

  constructor(source: RowSource, tables: Tables) {
    this.#source = source;
    this.#tables = tables;
    this.#session = tables.session(source.view);
  }

  row(index: number): selection.Row {
    const { block, eventNos, offset, placeOf, lanes } = this.#source;
    const { columns } = block;
    const slot = columns.slots[index]!;
    this.#kinds[slot] ??= this.#kind(slot);
    const { id, own } = this.#kinds[slot];
    const { site, values, text, traceId, spanId } = own(placeOf[index]!);
    const time = columns.times[index]!;
    return {
      session: this.#session,
      lane: this.#lane(lanes[index]!),
      kind: id,
      eventNo: BigInt(eventNos[index]!),
      time,
      aligned: time + offset,
      site,
      values,
      text,
      traceId,
      spanId,
    };
  }

  #kind(slot: number) {
    const { block, dictionary } = this.#source;
    const { number } = block.columns.kinds[slot]!;
    const kind = dictionary.kind(number);
    return { id: this.#tables.kind(kind, number), own: kind === undefined ? unknownOwn : this.#own(slot, kind) };
  }

  #own(slot: number, kind: Kind): Own {
    const { block, dictionary, view } = this.#source;
    const own = shownColumns(block, slot, kind, dictionary, view.description?.start);
    const values = own.columns.map((column) => valueReader(column, dictionary));
    const hasText = own.columns.some(({ field }) => field.role === "text");
    const { sites, correlations } = own;
    return (place) => {
      const site = sites === undefined ? 0 : sites[place]!;
      const correlated = correlations === undefined ? -1 : (correlations.present?.[place] ?? place);
      const ids =
        correlated < 0 ? undefined : Buffer.from(correlations!.bytes.subarray(correlated * 24, correlated * 24 + 24));
      return {
        site: site === 0 ? 0 : this.#site(site),
        values: values.map((read) => read(place)),
        text: hasText ? messageAt(own, place, dictionary) : "",
        traceId: ids?.subarray(0, 16) ?? NO_BYTES,
        spanId: ids?.subarray(16) ?? NO_BYTES,
      };
    };
  }

  #lane(number: number): number {
    const { view, dictionary } = this.#source;
    this.#lanes[number] ??= this.#tables.lane(this.#session, view.text, number, dictionary);
    return this.#lanes[number];
  }

  #site(number: number): number {
    const { view, dictionary } = this.#source;
    this.#sites[number] ??= this.#tables.site(view.text, number, dictionary);
    return this.#sites[number];
  }
}

function unknownOwn(): OwnPart {
  return { site: 0, values: [], text: "", traceId: NO_BYTES, spanId: NO_BYTES };
}

function noEntries(): Entries {
  return { sessions: [], kinds: [], lanes: [], sites: [] };
}

/** Number of the key, from 1; `create` is told of a new one. */
function entry(table: Map<string, number>, key: string, create: (id: number) => void): number {
  const known = table.get(key);
  if (known !== undefined) return known;
  const id = table.size + 1;
  table.set(key, id);
  create(id);
  return id;
}

const NO_VALUE: selection.Value = { value: undefined };

/** Values of a column as messages. Those of references and enums are made once. */
function valueReader(column: Column, dictionary: Dictionary): (place: number) => selection.Value {
  const { type } = column.field;
  const read = (place: number) => ({ value: toValue(cellAt(column, place, dictionary), type) });
  if (column.shape !== "ints" || (type !== "ref" && type !== "enum")) return read;
  const { present, ints } = column;
  const known = new Map<number, selection.Value>();
  return (place) => {
    const at = present === undefined ? place : present[place]!;
    if (at < 0) return NO_VALUE;
    const id = ints.lo[at]!;
    let value = known.get(id);
    if (value === undefined) {
      value = read(place);
      known.set(id, value);
    }
    return value;
  };
}

function toValue(cell: Cell, type: string): selection.Value["value"] {
  if (cell === undefined || cell === null) return undefined;
  if (typeof cell === "boolean") return { $case: "bool", value: cell };
  if (typeof cell === "string") return { $case: "string", value: cell };
  if (typeof cell === "number") return { $case: "f64", value: cell };
  if (typeof cell === "bigint") {
    return type === "i64" || type === "duration" || cell < 0n
      ? { $case: "i64", value: cell }
      : { $case: "u64", value: cell };
  }
  if (cell instanceof Uint8Array) return { $case: "bytes", value: Buffer.from(cell) };
  return {
    $case: "list",
    value: { values: (cell as readonly Scalar[]).map((item) => ({ value: toValue(item, "") })) },
  };
}
