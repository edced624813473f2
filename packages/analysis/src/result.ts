import type { Severity } from "@wayward/record";
import type { SharedView } from "./cluster/shared.ts";
import type { Table } from "./table.ts";

/** A record of any session. */
export interface Evidence {
  /** 26 characters. */
  readonly session: string;
  readonly lane: number;
  readonly eventNo: number;
}

/** A finding as it is told: over sessions, with wall times. Plain data. */
export interface ReportedFinding {
  readonly rule: string;
  readonly severity: Severity;
  readonly title: string;
  readonly message: string;
  /** 32 hex digits: what makes it the same finding wherever it is seen. */
  readonly fingerprint: string;
  readonly count: number;
  /** Nanoseconds since 1970. */
  readonly first: bigint;
  readonly last: bigint;
  readonly sessions: readonly string[];
  readonly locks: readonly string[];
  readonly evidence: readonly Evidence[];
  /** Why a hole in the records could change it; empty where none could. */
  readonly unproven: string;
  /** What the rule tells beside its message. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What analyses say of one session, or of several. Plain data: it travels between threads. */
export interface AnalysisResult {
  readonly findings: readonly ReportedFinding[];
  readonly tables: readonly Table[];
  /** What was not tracked, by name: how many were left out. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** What matters to other sessions; undefined where nothing does. */
  readonly shared: SharedView | undefined;
}
