import { edgeLabel, type GraphSource, orderGraph } from "./order-graph.ts";

/** The order graph in the language of Graphviz; inversions are red. */
export function graphDot(source: GraphSource): string {
  const { nodes, edges, notes } = orderGraph(source);
  const inverted = new Set(edges.filter((edge) => edge.inverted).flatMap(({ from, to }) => [from, to]));
  const lines = [
    "digraph order {",
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=10];',
    ...(notes.length === 0 ? [] : [`  label=${quoted(notes.join("\n"))};`]),
    ...nodes.map((name) => `  ${quoted(name)}${inverted.has(name) ? " [color=red]" : ""};`),
    ...edges.map((edge) => {
      const red = edge.inverted ? ", color=red, fontcolor=red, penwidth=2" : "";
      return `  ${quoted(edge.from)} -> ${quoted(edge.to)} [label=${quoted(edgeLabel(edge))}${red}];`;
    }),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** A double-quoted string. Backslashes are doubled, or Graphviz reads them as escapes. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
