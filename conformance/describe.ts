import { createHash } from "node:crypto";
import { unwrap } from "@wayward/base";
import {
  type Block,
  type Column,
  Dictionary,
  parseEnvelope,
  refusalOf,
  type Summary,
  type Texts,
  type Values,
  verifyBlock,
} from "@wayward/block";
import type { Kind } from "@wayward/record";

/*
 * What a block means, as JSON that any language can make: keys in the order
 * written here, numbers over 32 bits as decimal text, bytes as lower-case hex,
 * floats as the hex of their eight bytes, little-endian.
 */

/** More records than this are given by their digest only. */
const LISTED_MAX = 200;

/** The block's meaning, or the error it is refused with. */
export function describeBlock(bytes: Uint8Array): object {
  const envelope = parseEnvelope(bytes);
  if (envelope.error !== undefined) return { error: envelope.error.reason };
  const dictionary = new Dictionary();
  try {
    return describe(verifyBlock(unwrap(envelope), dictionary), dictionary);
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    return { error: reason };
  }
}

function describe(block: Block, dictionary: Dictionary): object {
  const { header } = block;
  const records = [...describeRecords(block, dictionary)];
  const listed = records.length <= LISTED_MAX ? { records } : {};
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  return {
    header: {
      codec: header.codec,
      session: hex(header.session),
      seq: String(header.seq),
      record_count: header.recordCount,
      first_time: String(header.firstTime),
      last_time: String(header.lastTime),
      name: header.description?.name ?? null,
      end: header.end === undefined ? null : { last_seq: String(header.end.lastSeq), cause: header.end.cause },
    },
    summary: describeSummary(block.readSummary()),
    open_set: {
      left_out: block.openSet.leftOut,
      entries: block.openSet.entries.map((entry) => ({
        kind: entry.kind,
        lane: entry.lane,
        subject: entry.subject,
        detail: String(entry.detail),
        start: String(entry.start),
        event_no: entry.eventNo,
        unsure: entry.unsure,
      })),
    },
    ...listed,
    // Over the records as one line of JSON each, without spaces, UTF-8.
    records_sha256: createHash("sha256").update(lines).digest("hex"),
  };
}

function describeSummary(summary: Summary): object[] {
  return [...summary].flatMap(([dimension, { rows, other, top }]) => ({
    dimension,
    other,
    rows: rows.map((row) => ({
      key1: row.key1,
      key2: row.key2,
      count: row.count,
      sum: String(row.sum),
      min: String(row.min),
      max: String(row.max),
      extra: row.extra,
      buckets: [...row.histogram],
    })),
    top: top.map((entry) => ({
      key1: entry.key1,
      quantity: String(entry.duration),
      seq: String(entry.seq),
      index: entry.index,
    })),
  }));
}

/** The records of a block, one value each. */
export function* describeRecords({ columns }: Block, dictionary: Dictionary): Iterable<object> {
  const eventNos = columns.eventNos();
  const places = columns.placeOf;
  for (const { lane, from, count } of columns.lanes) {
    for (let index = from; index < from + count; index++) {
      const slot = columns.slots[index]!;
      const { number } = columns.kinds[slot]!;
      const kind = dictionary.kind(number);
      const head = { lane, event_no: eventNos[index], time: String(columns.times[index]) };
      if (kind === undefined) yield { ...head, kind: `kind#${number}` };
      else yield { ...head, ...describeFields(columns, slot, kind, places[index]!, dictionary) };
    }
  }
}

function describeFields(
  columns: Block["columns"],
  slot: number,
  kind: Kind,
  place: number,
  dictionary: Dictionary,
): object {
  const own = columns.columns(slot, kind);
  const correlated = own.correlations?.present?.[place] ?? -1;
  const ids = own.correlations?.bytes.subarray(correlated * 24, correlated * 24 + 24);
  const parent = own.parents?.[place] ?? 0;
  return {
    kind: kind.name,
    site: own.sites?.[place] ?? 0,
    stack: own.stacks?.[place] ?? 0,
    parent: parent === 0 ? null : parent - 1,
    trace_id: correlated < 0 || ids === undefined ? null : hex(ids.subarray(0, 16)),
    span_id: correlated < 0 || ids === undefined ? null : hex(ids.subarray(16)),
    fields: Object.fromEntries(
      own.columns.map((column) => [column.field.name, describeCell(column, place, dictionary)]),
    ),
  };
}

function describeCell(column: Column, record: number, dictionary: Dictionary): unknown {
  const place = column.present === undefined ? record : column.present[record]!;
  if (place < 0) return null;
  if (column.shape === "floats") return floatHex(column.floats[place]!);
  if (column.shape === "values") return describeArguments(column.values, place);
  if (column.shape === "texts") return describeText(column.texts, place, column.field.type === "bytes");
  const { type, table } = column.field;
  const lo = column.ints.lo[place]!;
  const hi = column.ints.hi[place]!;
  if (type === "bool") return lo !== 0;
  if (type === "enum") return lo;
  if (type === "ref") return lo === 0 ? null : { id: lo, name: dictionary.name(table ?? "string", lo) };
  const signed = type === "i64" || type === "duration";
  return String((BigInt(signed ? hi | 0 : hi) << 32n) | BigInt(lo));
}

function describeText(texts: Texts, place: number, asHex: boolean): unknown {
  const bytes = texts.bytes.subarray(texts.starts[place], texts.starts[place + 1]);
  const value = asHex ? hex(bytes) : bytes.toString("utf8");
  const full = texts.cut.get(place);
  return full === undefined ? value : { cut: value, full };
}

const TYPES = ["null", "false", "true", "whole", "float", "text", "bytes", "unsigned"] as const;

function describeArguments(values: Values, place: number): unknown[] {
  const list: unknown[] = [];
  for (let at = values.starts[place]!; at < values.starts[place + 1]!; at++) {
    const type = TYPES[values.tags[at]!]!;
    list.push([type, ...argument(values, type, values.places[at]!)]);
  }
  return list;
}

function argument(values: Values, type: (typeof TYPES)[number], place: number): unknown[] {
  if (type === "float") return [floatHex(values.floats[place]!)];
  if (type === "text" || type === "bytes") return [describeText(values.texts, place, type === "bytes")];
  if (type !== "whole" && type !== "unsigned") return [];
  const bits = (BigInt(values.ints.hi[place]!) << 32n) | BigInt(values.ints.lo[place]!);
  return [String(type === "unsigned" ? bits : (bits >> 1n) ^ -(bits & 1n))];
}

function floatHex(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.toString("hex");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
