import { selection } from "@wayward/api";
import { type Cell, type Column, cellAt, type Dictionary, messageAt, type Scalar } from "@wayward/block";
import type { Kind } from "@wayward/record";
import type { SessionView } from "../snapshot/session.ts";

/** What a record of a block is read from. */
export interface RowSource {
  readonly view: Pick<SessionView, "id" | "text" | "description">;
  readonly dictionary: Dictionary;
  readonly offset: bigint;
  readonly block: import("@wayward/block").Block;
  readonly eventNos: Float64Array;
  readonly placeOf: Uint32Array;
  readonly lanes: Uint32Array;
}

/** Makes the row messages of one stream. Tables are sent once, before the rows that refer to them. */
export class RowWriter {
  #batch = emptyBatch();
  readonly #sessions = new Map<string, number>();
  readonly #kinds = new Map<string, number>();
  readonly #lanes = new Map<string, number>();
  readonly #sites = new Map<string, number>();

  get rows(): number {
    return this.#batch.rows.length;
  }

  /** What was added since the last call. */
  take(): selection.RowBatch {
    const batch = this.#batch;
    this.#batch = emptyBatch();
    return batch;
  }

  add(source: RowSource, index: number): void {
    const { block, dictionary, view } = source;
    const { columns } = block;
    const slot = columns.slots[index]!;
    const { number } = columns.kinds[slot]!;
    const kind = dictionary.kind(number);
    const place = source.placeOf[index]!;
    const session = this.#session(view);
    const time = columns.times[index]!;
    const row = selection.Row.fromPartial({
      session,
      lane: this.#lane(session, view.text, source.lanes[index]!, dictionary),
      eventNo: BigInt(source.eventNos[index]!),
      time,
      aligned: time + source.offset,
    });
    if (kind === undefined) row.kind = this.#unknownKind(number);
    else this.#fill(row, source, kind, slot, place);
    this.#batch.rows.push(row);
  }

  #fill(row: selection.Row, { block, dictionary, view }: RowSource, kind: Kind, slot: number, place: number): void {
    const own = block.columns.columns(slot, kind);
    row.kind = this.#kind(kind);
    row.values = own.columns.map((column) => cellValue(column, place, dictionary));
    row.text = messageAt(own, place, dictionary);
    const site = own.sites?.[place] ?? 0;
    if (site !== 0) row.site = this.#site(view.text, site, dictionary);
    const correlated = own.correlations === undefined ? -1 : (own.correlations.present?.[place] ?? place);
    if (own.correlations === undefined || correlated < 0) return;
    const ids = Buffer.from(own.correlations.bytes.subarray(correlated * 24, correlated * 24 + 24));
    row.traceId = ids.subarray(0, 16);
    row.spanId = ids.subarray(16);
  }

  #session({ id, text, description }: RowSource["view"]): number {
    return entry(this.#sessions, text, (made) => {
      this.#batch.sessions.push({ id: made, session: Buffer.from(id), description });
    });
  }

  #kind(kind: Kind): number {
    return entry(this.#kinds, kind.text, (id) => this.#batch.kinds.push(kindEntry(id, kind)));
  }

  #unknownKind(number: number): number {
    const name = `kind#${number}`;
    return entry(this.#kinds, name, (id) => this.#batch.kinds.push({ id, name, fields: [] }));
  }

  /** A lane that was renamed is sent again under its new name. */
  #lane(session: number, text: string, number: number, dictionary: Dictionary): number {
    const lane = dictionary.lane(number);
    const name = lane?.name ?? `lane#${number}`;
    return entry(this.#lanes, `${text}/${number}/${name}`, (id) => {
      this.#batch.lanes.push({ id, session, lane: number, name, kind: lane?.kind ?? "thread" });
    });
  }

  #site(text: string, number: number, dictionary: Dictionary): number {
    return entry(this.#sites, `${text}/${number}`, (id) => {
      const site = dictionary.site(number);
      const unknown = { function: `site#${number}`, file: "", line: 0, text: "" };
      this.#batch.sites.push({ id, ...(site ?? unknown) });
    });
  }
}

/** A kind as the protocol shows it. */
export function kindEntry(id: number, kind: Kind): selection.KindEntry {
  const fields = kind.fields.map(({ name, type, role, unit, table, labels }) => ({
    name,
    type,
    role,
    unit,
    detail: table ?? labels?.join(",") ?? "",
  }));
  return { id, name: kind.name, fields };
}

function emptyBatch(): selection.RowBatch {
  return { sessions: [], kinds: [], lanes: [], sites: [], rows: [] };
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

function cellValue(column: Column, place: number, dictionary: Dictionary): selection.Value {
  return { value: toValue(cellAt(column, place, dictionary), column.field.type) };
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
