import { describe, expect, test } from "@jest/globals";
import { lockstatProgram } from "../programs.ts";
import { analyse } from "../recorded.ts";
import { graphDot } from "./dot.ts";
import { layOut } from "./layout.ts";
import { type GraphSource, orderGraph } from "./order-graph.ts";
import { graphSvg } from "./svg.ts";

const source = analyse(lockstatProgram);

/** An order graph of these edges. */
function graphOf(edges: readonly (readonly [string, string])[]): GraphSource {
  const columns = ["from", "to", "count"].map((name) => ({ name, type: "text" as const, unit: "" }));
  return { tables: [{ name: "edges", columns, rows: edges.map(([from, to]) => [from, to, 1]) }], findings: [] };
}

/** Throws where tags do not match or a character stands for itself that must not. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replaceAll(
    /<(\/?)([a-z]+)((?: [a-zA-Z-]+(?::[a-z]+)?="[^"<&]*")*)(\/?)>/g,
    (_, close, name, __, self) => {
      if (close === "/") expect(open.pop()).toBe(name);
      else if (self === "") open.push(name);
      return "";
    },
  );
  expect(open).toEqual([]);
  expect(rest.replaceAll(/&(amp|lt|gt|quot);/g, "")).not.toMatch(/[<&]/);
}

describe("the order graph", () => {
  test("as DOT: edges with counts and dependency, inversions red", () => {
    expect(graphDot(source)).toBe(`digraph order {
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  "rq->lock" [color=red];
  "tasklist_lock" [color=red];
  "rq->lock/1";
  "rq->lock" -> "rq->lock/1" [label="EN ×1"];
  "rq->lock" -> "tasklist_lock" [label="EN ×1", color=red, fontcolor=red, penwidth=2];
  "tasklist_lock" -> "rq->lock" [label="EN ×1", color=red, fontcolor=red, penwidth=2];
}
`);
  });

  test("as SVG: well-formed, every class and edge, inversions marked", () => {
    const svg = graphSvg(source);
    expectWellFormed(svg);
    expect(svg.match(/<g>/g)).toHaveLength(3);
    expect(svg.match(/<path class="edge bad"/g)).toHaveLength(2);
    expect(svg.match(/<path class="edge"/g)).toHaveLength(1);
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg).not.toMatch(/href|url\((?!#)/);
  });

  test("names cannot break out of either", () => {
    const names = ['a"b', "c\\d", "<script>&", "new\nline", "bell\u0007", "half\ud800", "\uffff"];
    const strange = graphOf(names.map((name) => ["x", name]));
    const svg = graphSvg(strange);
    expectWellFormed(svg);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML does not hold
    expect(svg).not.toMatch(/[\u0000-\u0008\ud800\uffff]/);
    expect(graphDot(strange)).toContain('"x" -> "a\\"b"');
    expect(graphDot(strange)).toContain('"x" -> "c\\\\d"');
  });

  test("200 classes are shown, and the rest is told", () => {
    const many = graphOf(Array.from({ length: 250 }, (_, at) => [`c${at}`, `c${at + 1}`] as const));
    const graph = orderGraph(many);
    expect(graph.nodes).toHaveLength(200);
    expect(graph.notes).toEqual([`left out: 51 classes that are used least, and ${250 - graph.edges.length} edges`]);
    expectWellFormed(graphSvg(many));
  });

  test("layers go down along every edge that closes no cycle, and no boxes overlap", () => {
    const pairs = [
      ["a", "b"],
      ["b", "c"],
      ["a", "c"],
      ["a", "d"],
      ["d", "c"],
      ["c", "e"],
    ] as const;
    const { boxes, width, height } = layOut(orderGraph(graphOf(pairs)));
    for (const [from, to] of pairs) expect(boxes.get(to)!.y).toBeGreaterThan(boxes.get(from)!.y);
    const all = [...boxes.values()];
    for (const [at, box] of all.entries()) {
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
      for (const other of all.slice(at + 1)) {
        expect(box.y !== other.y || box.x + box.width <= other.x || other.x + other.width <= box.x).toBe(true);
      }
    }
  });

  test("an empty one says so", () => {
    expect(graphSvg(graphOf([]))).toContain("no lock was acquired while another was held");
    expect(graphDot(graphOf([]))).toMatch(/^digraph order \{\n(.*\n)*\}\n$/);
  });
});
