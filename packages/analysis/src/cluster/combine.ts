import { mergeFindings } from "../merge-findings.ts";
import type { AnalysisResult, ReportedFinding } from "../result.ts";
import type { Table } from "../table.ts";
import { clusterDeadlocks } from "./deadlock.ts";
import { clusterInversions } from "./order.ts";
import type { SharedView } from "./shared.ts";

/** What no session shows alone. */
export function clusterFindings(views: readonly SharedView[]): ReportedFinding[] {
  return [...clusterInversions(views), ...clusterDeadlocks(views)];
}

/** Results of several sessions as one: findings merged, tables end to end, and what only all of them together show. */
export function combineResults(results: readonly AnalysisResult[]): AnalysisResult {
  const views = results.flatMap(({ shared }) => shared ?? []);
  const tables = new Map<string, Table>();
  const leftOut: Record<string, number> = {};
  for (const result of results) {
    for (const table of result.tables) {
      const known = tables.get(table.name);
      tables.set(table.name, known === undefined ? table : { ...known, rows: known.rows.concat(table.rows) });
    }
    for (const [what, count] of Object.entries(result.leftOut)) leftOut[what] = (leftOut[what] ?? 0) + count;
  }
  const findings = mergeFindings([...results.flatMap((result) => result.findings), ...clusterFindings(views)]);
  return { findings, tables: [...tables.values()], leftOut, shared: undefined };
}
