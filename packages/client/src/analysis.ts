import type { ClientReadableStream } from "@grpc/grpc-js";
import type { finding as api, query, selection } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import { SEVERITIES, type Severity, sessionText } from "@wayward/record";
import { messages } from "./answer.ts";

/** What an analysis has concluded. */
export interface ClientFinding {
  readonly rule: string;
  readonly severity: Severity;
  readonly title: string;
  readonly message: string;
  /** 32 hex digits: the same fault has the same wherever it is seen. */
  readonly fingerprint: string;
  readonly count: number;
  /** Nanoseconds since 1970. */
  readonly first: bigint;
  readonly last: bigint;
  readonly sessions: readonly string[];
  readonly locks: readonly string[];
  readonly evidence: readonly { readonly session: string; readonly lane: number; readonly eventNo: number }[];
  /** Why a hole in the records could change it; empty where none could. */
  readonly unproven: string;
  /** What the rule tells beside its message; docs/rules.md. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Rows of plain values; docs/json.md lists tables and their columns. */
export interface ClientTable {
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: "text" | "number" | "flag";
    readonly unit: string;
  }[];
  readonly rows: readonly (readonly (string | number | boolean)[])[];
}

/** All that analyses say. */
export interface Analyzed {
  /** Worst first. */
  readonly findings: readonly ClientFinding[];
  readonly tables: readonly ClientTable[];
  readonly coverage: selection.Coverage;
  /** What was not tracked, by name: how many were left out. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Gathers an Analyze; `progress` hears blocks done and blocks in all, at most four times a second. */
export async function gatherAnalysis(
  call: ClientReadableStream<query.AnalyzeResponse>,
  address: string,
  progress?: (done: number, all: number) => void,
): Promise<Analyzed> {
  const findings: ClientFinding[] = [];
  const tables: ClientTable[] = [];
  for await (const { part } of messages<query.AnalyzeResponse>(call, address)) {
    if (part?.$case === "progress") progress?.(Number(part.value.blocksDone), Number(part.value.blocks));
    else if (part?.$case === "finding") findings.push(findingOf(part.value));
    else if (part?.$case === "table") tables.push(tableOf(part.value));
    else if (part?.$case === "end" && part.value.coverage !== undefined) {
      const counts = Object.entries(part.value.leftOut).map(([what, count]) => [what, Number(count)]);
      return { findings, tables, coverage: part.value.coverage, leftOut: Object.fromEntries(counts) };
    }
  }
  throw new WaywardError("DATA_LOSS", "NO_COVERAGE", "the answer stopped before its end");
}

function findingOf(message: api.Finding): ClientFinding {
  return {
    ...message,
    severity: SEVERITIES[message.severity - 1] ?? "info",
    fingerprint: message.fingerprint.toString("hex"),
    count: Number(message.count),
    sessions: message.sessions.map(sessionText),
    evidence: message.evidence.map(({ session, lane, eventNo }) => ({
      session: sessionText(session),
      lane,
      eventNo: Number(eventNo),
    })),
    detail: detailOf(message.detail),
  };
}

function detailOf(text: string): Record<string, unknown> {
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function tableOf({ name, columns, rows }: api.Table): ClientTable {
  return {
    name,
    columns: columns.map((column) => ({ ...column, type: column.type as ClientTable["columns"][number]["type"] })),
    rows: rows.map(({ cells }) => cells.map(({ cell }) => cell?.value ?? "")),
  };
}
