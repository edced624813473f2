import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

export const SEVERITIES = ["error", "warning", "info", "hint"] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * What an analysis concludes. One thing may be reported again, by another
 * reporter or because more is known: readers merge by rule and fingerprint,
 * earliest `first`, latest `last`, all `sessions` and all `evidence`.
 */
export const findingReported = defineKind("finding.reported", [
  f.ref("rule", "string", { role: "key" }),
  f.enum("severity", SEVERITIES, { role: "key" }),
  f.string("title", { role: "text" }),
  f.string("message", { role: "text" }),
  f.bytes("fingerprint"),
  f.u64("count", { role: "measure", unit: "1" }),
  /** Nanoseconds since 1970. */
  f.time("first"),
  f.time("last"),
  /** Ids as text, with spaces between. */
  f.string("sessions"),
  /** Why a hole in the records could change it; absent where none could. */
  f.string("unproven", { role: "cause" }),
  /** JSON: locks, evidence (session, lane, event_no), and what the rule tells beside them. */
  f.string("detail"),
]);

export const findingKinds: readonly Kind[] = [findingReported];
