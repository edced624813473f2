import type { selection } from "@wayward/api";
import { sessionText } from "@wayward/record";

/** A field's value. Whole numbers of 64 bits are bigints; undefined where the record lacks it. */
export type FieldValue = boolean | bigint | number | string | Uint8Array | null | undefined | readonly FieldValue[];

/** One record of an answer. */
export interface ClientRecord {
  /** Session id as text, and the session's name. */
  readonly session: string;
  readonly sessionName: string;
  readonly lane: { readonly number: number; readonly name: string; readonly kind: string };
  /** Dotted: `zone.begin`. */
  readonly kind: string;
  readonly eventNo: bigint;
  /** Raw nanoseconds of the session's clock. */
  readonly time: bigint;
  /** Nanoseconds since 1970. */
  readonly aligned: bigint;
  readonly site: Site | undefined;
  /** By field name, in the kind's order. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Units of the fields that have one. */
  readonly units: Readonly<Record<string, string>>;
  /** Types of the fields, as kinds declare them: `duration`, `time`, `enum` … */
  readonly types: Readonly<Record<string, string>>;
  /** The message as a person reads it; empty where the kind has none. */
  readonly text: string;
  /** Lower-case hex, as in a `traceparent` header. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

export interface Site {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

interface KindTable {
  readonly name: string;
  readonly fields: readonly selection.FieldEntry[];
  readonly units: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, string>>;
}

/** Turns the batches of one stream into records; keeps the tables that the stream has sent. */
export class RecordReader {
  readonly #sessions = new Map<number, { readonly text: string; readonly name: string }>();
  readonly #kinds = new Map<number, KindTable>();
  readonly #lanes = new Map<number, ClientRecord["lane"]>();
  readonly #sites = new Map<number, Site>();

  *read(batch: selection.RowBatch): Iterable<ClientRecord> {
    for (const { id, session, description } of batch.sessions) {
      this.#sessions.set(id, { text: sessionText(session), name: description?.name ?? "" });
    }
    for (const { id, name, fields } of batch.kinds) {
      const units = Object.fromEntries(
        fields.filter(({ unit }) => unit !== "").map((field) => [field.name, field.unit]),
      );
      const types = Object.fromEntries(fields.map((field) => [field.name, field.type]));
      this.#kinds.set(id, { name, fields, units, types });
    }
    for (const { id, lane, name, kind } of batch.lanes) this.#lanes.set(id, { number: lane, name, kind });
    for (const { id, ...site } of batch.sites) this.#sites.set(id, site);
    for (const row of batch.rows) yield this.#record(row);
  }

  #record(row: selection.Row): ClientRecord {
    const session = this.#sessions.get(row.session);
    const kind = this.#kinds.get(row.kind);
    const fields: Record<string, FieldValue> = {};
    for (const [index, value] of row.values.entries()) {
      fields[kind?.fields[index]?.name ?? `field#${index}`] = plainValue(value);
    }
    return {
      session: session?.text ?? "",
      sessionName: session?.name ?? "",
      lane: this.#lanes.get(row.lane) ?? { number: row.lane, name: `lane#${row.lane}`, kind: "thread" },
      kind: kind?.name ?? `kind#${row.kind}`,
      eventNo: row.eventNo,
      time: row.time,
      aligned: row.aligned,
      site: this.#sites.get(row.site),
      fields,
      units: kind?.units ?? {},
      types: kind?.types ?? {},
      text: row.text,
      traceId: row.traceId.length === 0 ? undefined : row.traceId.toString("hex"),
      spanId: row.spanId.length === 0 ? undefined : row.spanId.toString("hex"),
    };
  }
}

function plainValue({ value }: selection.Value): FieldValue {
  if (value === undefined) return undefined;
  if (value.$case === "list") return value.value.values.map((item) => plainValue(item) ?? null);
  return value.value;
}

/** Order of records of several sessions: (aligned time, session, lane, event number). */
export function compareRecords(a: ClientRecord, b: ClientRecord): number {
  if (a.aligned !== b.aligned) return a.aligned < b.aligned ? -1 : 1;
  if (a.session !== b.session) return a.session < b.session ? -1 : 1;
  if (a.lane.number !== b.lane.number) return a.lane.number - b.lane.number;
  return a.eventNo < b.eventNo ? -1 : a.eventNo > b.eventNo ? 1 : 0;
}
