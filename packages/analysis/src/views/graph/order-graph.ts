import type { AnalysisResult } from "../../result.ts";
import { tableRows } from "../rows.ts";

/** Classes in a picture: what a person can still look at. */
const NODES_MAX = 200;

/** One class was acquired while another was held. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** How often this order was seen. */
  readonly count: number;
  /** Of EN, ER, SN, SR: how it was held and how it was taken. */
  readonly dependency: string;
  /** Part of a cycle that was found as an inversion. */
  readonly inverted: boolean;
}

export interface OrderGraph {
  /** Classes, those of inversions first, then those with most acquisitions. */
  readonly nodes: readonly string[];
  readonly edges: readonly GraphEdge[];
  /** What is left out. */
  readonly notes: readonly string[];
}

/** What a graph is made of. */
export type GraphSource = Pick<AnalysisResult, "tables" | "findings">;

/** The order graph of all sessions together; beyond 200 classes the least used ones are left out. */
export function orderGraph({ tables, findings }: GraphSource): OrderGraph {
  const edges = new Map<string, GraphEdge>();
  const add = (edge: GraphEdge) => {
    if (edge.from === edge.to) return;
    const key = `${edge.from}\n${edge.to}`;
    const known = edges.get(key);
    edges.set(key, known === undefined ? edge : mergeEdges(known, edge));
  };
  for (const row of tableRows(tables, "edges")) {
    const [from, to, dependency] = [row.text("from"), row.text("to"), row.text("dependency")];
    add({ from, to, dependency, count: row.number("count"), inverted: false });
  }
  // An edge of a class that has ended is in no table, but its cycle was found.
  for (const { from, to } of cycleEdges(findings)) add({ from, to, dependency: "", count: 0, inverted: true });
  return bounded([...edges.values()]);
}

function mergeEdges(a: GraphEdge, b: GraphEdge): GraphEdge {
  const dependencies = new Set([...a.dependency.split(" "), ...b.dependency.split(" ")].filter(Boolean));
  return {
    ...a,
    count: a.count + b.count,
    dependency: [...dependencies].sort().join(" "),
    inverted: a.inverted || b.inverted,
  };
}

function cycleEdges(findings: GraphSource["findings"]): { readonly from: string; readonly to: string }[] {
  return findings.flatMap(({ rule, detail }) => {
    if (rule !== "order.inversion" || !Array.isArray(detail.cycle)) return [];
    return (detail.cycle as unknown[]).filter(isEdge);
  });
}

function isEdge(value: unknown): value is { readonly from: string; readonly to: string } {
  if (typeof value !== "object" || value === null) return false;
  const { from, to } = value as Record<string, unknown>;
  return typeof from === "string" && typeof to === "string";
}

function bounded(edges: readonly GraphEdge[]): OrderGraph {
  const weights = new Map<string, number>();
  for (const { from, to, count, inverted } of edges) {
    for (const name of [from, to]) {
      weights.set(name, (weights.get(name) ?? 0) + (inverted ? Number.MAX_SAFE_INTEGER : count));
    }
  }
  const names = [...weights].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1)).map(([name]) => name);
  const nodes = names.slice(0, NODES_MAX);
  const kept = new Set(nodes);
  const shown = edges.filter(({ from, to }) => kept.has(from) && kept.has(to));
  const left = names.length - nodes.length;
  const notes =
    left === 0 ? [] : [`left out: ${left} classes that are used least, and ${edges.length - shown.length} edges`];
  return { nodes, edges: shown, notes };
}

/** What is written beside an edge. */
export function edgeLabel({ count, dependency }: GraphEdge): string {
  return [dependency, count === 0 ? "" : `×${count}`].filter(Boolean).join(" ");
}
