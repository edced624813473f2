import { createHash } from "node:crypto";
import type { Severity } from "@wayward/record";

/** One record of a session: its lane's number and how many the lane attempted before it. */
interface RecordId {
  readonly lane: number;
  readonly eventNo: number;
}

/** Where in the code, as text: what a person reads and what a fingerprint may use. */
export interface SiteText {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** Innermost first. */
  readonly stack: readonly string[];
}

/** What a rule concludes about one session. Times are nanoseconds since the session's start. */
export interface Finding {
  readonly rule: string;
  severity: Severity;
  message: string;
  /** Names of the locks, conditions, tickets it is about. */
  readonly locks: readonly string[];
  /** Their classes: part of the finding's identity. */
  readonly classes: readonly string[];
  /** Functions of the sites it is about: part of its identity. */
  readonly functions: readonly string[];
  /** The records it rests on, the deciding one last; of each occurrence as far as there is room. */
  readonly evidence: RecordId[];
  count: number;
  first: number;
  last: number;
  /** Why a hole in the records could change the verdict; empty where none could. */
  unproven: string;
  /** When it was first seen so that no hole that is known could change it; undefined while it is unproven. */
  provenAt: number | undefined;
  /** What the rule tells beside its message; plain data. */
  readonly detail: Readonly<Record<string, unknown>>;
}

const FINGERPRINT_BYTES = 16;

/**
 * What makes two findings one: 16 bytes of SHA-256 over the rule, the sorted
 * class names and the sorted functions. Never line, address, lane, host or
 * session: the same fault seen in three sessions is one finding.
 */
export function fingerprintOf({ rule, classes, functions }: Pick<Finding, "rule" | "classes" | "functions">): Buffer {
  const parts = [rule, "", ...[...new Set(classes)].sort(), "", ...[...new Set(functions)].sort()];
  return createHash("sha256").update(parts.join("\n")).digest().subarray(0, FINGERPRINT_BYTES);
}
