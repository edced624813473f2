import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

export const DROP_CAUSES = ["ring-full", "spool-full", "oversize", "sampled", "refused"] as const;
export type DropCause = (typeof DROP_CAUSES)[number];

/** A named value at a time. */
export const counterValue = defineKind("counter.value", [
  f.ref("name", "string", { role: "key" }),
  f.f64("value", { role: "measure" }),
]);

/** The session's clock beside wall time; the record's own time is the clock's. */
export const clockAnchor = defineKind("clock.anchor", [f.time("wall"), f.duration("uncertainty")]);

/** The four times of one exchange with a server, as in RFC 5905: own send, its receive, its send, own receive. */
export const clockOffset = defineKind("clock.offset", [
  f.time("sent"),
  f.time("server_received"),
  f.time("server_sent"),
  f.time("received"),
]);

/** Records of a lane that could not be kept. */
export const dropRecords = defineKind("drop.records", [
  f.ref("lane", "lane", { role: "key" }),
  f.u64("first"),
  f.u64("count", { role: "measure", unit: "1" }),
  f.time("from"),
  f.time("until"),
  f.enum("cause", DROP_CAUSES, { role: "cause" }),
]);

/** The session follows this revision of a control topic from now on. */
export const controlApplied = defineKind("control.applied", [
  f.ref("topic", "string", { role: "key" }),
  f.u64("revision"),
]);

export const noteText = defineKind("note.text", [f.string("text", { role: "text" })]);

export const metaKinds: readonly Kind[] = [
  counterValue,
  clockAnchor,
  clockOffset,
  dropRecords,
  controlApplied,
  noteText,
];
