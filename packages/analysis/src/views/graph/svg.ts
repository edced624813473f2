import { type Box, boxText, layOut } from "./layout.ts";
import { edgeLabel, type GraphEdge, type GraphSource, orderGraph } from "./order-graph.ts";

/** With more edges only those of inversions are labelled; the others tell it when pointed at. */
const LABELS_MAX = 60;
const NOTE_HEIGHT = 20;

/** Colours on light paper, which every program that shows SVG can read; browsers take those below on a dark screen. */
const LIGHT = { paper: "#ffffff", ink: "#1b1f24", line: "#6b7480", box: "#f3f5f7", bad: "#c62828" };
const DARK = { paper: "#14171a", ink: "#e8eaed", line: "#9aa4af", box: "#22272c", bad: "#ff6b6b" };

const STYLE = `
text { font: 12px sans-serif; text-anchor: middle; }
.label, .note { font-size: 10px; paint-order: stroke; stroke-width: 3px; }
.note { text-anchor: start; }
.edge { fill: none; stroke-width: 1.2; }
.bad.box, .bad.edge { stroke-width: 2; }
${colours(LIGHT)}
@media (prefers-color-scheme: dark) {
${colours(DARK)}
}
`;

function colours({ paper, ink, line, box, bad }: typeof LIGHT): string {
  return `text { fill: ${ink}; }
.paper { fill: ${paper}; }
.label, .note { stroke: ${paper}; }
.box { fill: ${box}; stroke: ${line}; }
.edge { stroke: ${line}; }
.tip { fill: ${line}; }
.bad.box, .bad.edge { stroke: ${bad}; }
.bad.tip, .bad.label { fill: ${bad}; }`;
}

/** The order graph as one SVG file: classes in layers, inversions red. */
export function graphSvg(source: GraphSource): string {
  const graph = orderGraph(source);
  const layout = layOut(graph);
  const bad = new Set(graph.edges.filter(({ inverted }) => inverted).flatMap(({ from, to }) => [from, to]));
  // A curve that leads up leaves the boxes by their right side.
  const width = Math.ceil(layout.width + 80);
  const notes = graph.nodes.length === 0 ? ["no lock was acquired while another was held"] : graph.notes;
  const height = Math.ceil(layout.height + notes.length * NOTE_HEIGHT);
  const labelAll = graph.edges.length <= LABELS_MAX;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    "<title>Order of locks</title>",
    `<style>${STYLE}</style>`,
    `<defs>${tip("tip", "tip")}${tip("bad-tip", "tip bad")}</defs>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...graph.edges.map((edge) => edgeLine(edge, layout.boxes)),
    ...[...layout.boxes.values()].map((box) => boxLine(box, bad.has(box.name))),
    ...graph.edges.filter(({ inverted }) => labelAll || inverted).map((edge) => labelLine(edge, layout.boxes)),
    ...notes.map(
      (note, at) => `<text class="note" x="12" y="${round(layout.height + at * NOTE_HEIGHT)}">${escaped(note)}</text>`,
    ),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

function tip(id: string, style: string): string {
  const shape = `<path class="${style}" d="M0 0L8 4L0 8z"/>`;
  const size = 'viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"';
  return `<marker id="${id}" ${size} markerUnits="userSpaceOnUse" orient="auto">${shape}</marker>`;
}

function boxLine({ name, x, y, width, height }: Box, bad: boolean): string {
  const rect = `<rect class="box${bad ? " bad" : ""}" x="${round(x)}" y="${y}" width="${width}" height="${height}" rx="6"/>`;
  const text = `<text x="${round(x + width / 2)}" y="${y + height / 2 + 4}">${escaped(boxText(name))}</text>`;
  return `<g><title>${escaped(name)}</title>${rect}${text}</g>`;
}

function edgeLine(edge: GraphEdge, boxes: ReadonlyMap<string, Box>): string {
  const { path } = curveOf(edge, boxes);
  const [style, marker] = edge.inverted ? ["edge bad", "bad-tip"] : ["edge", "tip"];
  const title = escaped(`${edge.from} → ${edge.to} ${edgeLabel(edge)}`);
  return `<path class="${style}" d="${path}" marker-end="url(#${marker})"><title>${title}</title></path>`;
}

function labelLine(edge: GraphEdge, boxes: ReadonlyMap<string, Box>): string {
  const { x, y } = curveOf(edge, boxes);
  const style = edge.inverted ? "label bad" : "label";
  return `<text class="${style}" x="${round(x)}" y="${round(y)}">${escaped(edgeLabel(edge))}</text>`;
}

/** A curve between two boxes, and the place of its label. */
function curveOf({ from, to }: GraphEdge, boxes: ReadonlyMap<string, Box>): { path: string; x: number; y: number } {
  const [a, b] = [boxes.get(from)!, boxes.get(to)!];
  if (b.y > a.y) {
    const [x1, y1, x2, y2] = [a.x + a.width / 2, a.y + a.height, b.x + b.width / 2, b.y];
    const bend = (y2 - y1) / 2;
    const path = `M${round(x1)} ${y1}C${round(x1)} ${y1 + bend} ${round(x2)} ${y2 - bend} ${round(x2)} ${y2}`;
    return { path, x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
  }
  const [x1, y1, x2, y2] = [a.x + a.width, a.y + a.height / 2, b.x + b.width, b.y + b.height / 2];
  const side = Math.max(x1, x2) + 48;
  const path = `M${round(x1)} ${y1}C${round(side)} ${y1} ${round(side)} ${y2} ${round(x2)} ${y2}`;
  return { path, x: (x1 + x2 + 6 * side) / 8, y: (y1 + y2) / 2 };
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

/** Text as XML has it; what XML cannot hold at all becomes U+FFFD. */
function escaped(text: string): string {
  return [...text.toWellFormed()]
    .map((character) => (isXml(character.codePointAt(0)!) ? (ENTITIES[character] ?? character) : "\ufffd"))
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Characters of XML 1.0. */
function isXml(code: number): boolean {
  return code >= 0x20 ? code !== 0xfffe && code !== 0xffff : code === 0x9 || code === 0xa || code === 0xd;
}
