import { formatDuration, formatWall } from "@wayward/base";
import type { ClientRecord, FieldValue } from "@wayward/client";
import { type Paint, paint } from "./paint.ts";

/** One record as a line: time, session, lane, kind, and what it says. */
export function recordLine(record: ClientRecord, colours: Paint = paint()): string {
  const time = clockTime(record.aligned);
  const place = `${record.sessionName || record.session}/${record.lane.name}`;
  return `${colours.dim(time)} ${colours.lane(place)} ${colours.kind(record.kind)} ${describe(record)}\n`;
}

/** Time of day in UTC with all nine digits. */
function clockTime(aligned: bigint): string {
  const seconds = new Date(Number(aligned / 1_000_000n)).toISOString().slice(11, 19);
  return `${seconds}.${(aligned % 1_000_000_000n).toString().padStart(9, "0")}`;
}

function describe(record: ClientRecord): string {
  const said = record.text || record.site?.text || record.site?.function || "";
  const parts: string[] = [];
  for (const [name, value] of Object.entries(record.fields)) {
    if (value === undefined || (said !== "" && value === said) || Array.isArray(value)) continue;
    parts.push(`${name}=${fieldText(value, record.types[name], record.units[name])}`);
  }
  if (record.traceId !== undefined) parts.push(`trace=${record.traceId}`);
  if (said === "" || parts.length === 0) return said + parts.join(" ");
  // Behind a stack the fields would read as a part of its last line.
  return `${said}${said.includes("\n") ? "\n    " : " "}${parts.join(" ")}`;
}

function fieldText(value: FieldValue, type: string | undefined, unit: string | undefined): string {
  // Times of a session's own clock are small; those since 1970 are dates.
  if (typeof value === "bigint" && type === "time" && value > WALL_FROM) return formatWall(value);
  if (typeof value === "bigint" && unit === "ns") return formatDuration(value).replaceAll(" ", "");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  const text = String(value);
  return typeof value === "string" && /[\s"]/.test(text) ? JSON.stringify(text) : text;
}

/** 2001 in nanoseconds since 1970, or 31 years since a machine's start. */
const WALL_FROM = 1_000_000_000_000_000_000n;

/** A record for programs. */
export function recordJson(record: ClientRecord): object {
  return {
    time: record.aligned,
    raw_time: record.time,
    session: record.session,
    session_name: record.sessionName,
    lane: record.lane.number,
    lane_name: record.lane.name,
    event_no: record.eventNo,
    kind: record.kind,
    text: record.text === "" ? undefined : record.text,
    site: record.site,
    trace_id: record.traceId,
    span_id: record.spanId,
    fields: record.fields,
  };
}
