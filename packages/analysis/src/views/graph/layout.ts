import type { OrderGraph } from "./order-graph.ts";

/** A class with its place, in pixels; x and y are those of the box's upper left corner. */
export interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly width: number;
  readonly height: number;
}

/** Times that the order within layers is improved. */
const SWEEPS = 8;
const MARGIN = 24;
const BOX_HEIGHT = 28;
const LAYER_GAP = 72;
const BOX_GAP = 28;
/** A character of 12 pixels in a sans-serif face, on average. */
const CHARACTER = 7;
/** Longest name that is written in full. */
const NAME_MAX = 40;

/** What stands in a box: long names lose their middle. */
export function boxText(name: string): string {
  const letters = [...name];
  if (letters.length <= NAME_MAX) return name;
  return `${letters.slice(0, NAME_MAX - 13).join("")}…${letters.slice(-12).join("")}`;
}

/**
 * Places classes in layers from top to bottom: what is acquired last stands
 * lowest. A layer's number is the longest way to it without the edges that
 * close cycles; within layers, classes stand near what they are joined to.
 */
export function layOut({ nodes, edges }: OrderGraph): Layout {
  const out = neighbours(nodes, edges);
  const into = neighbours(
    nodes,
    edges.map(({ from, to }) => ({ from: to, to: from })),
  );
  // Walks start where nothing leads to, so that few edges lead up.
  const starts = nodes.toSorted((a, b) => Math.sign(into.get(a)!.length) - Math.sign(into.get(b)!.length));
  const layers = ordered(layersOf(nodes, acyclic(starts, out)), out, into);
  return placed(layers);
}

type Joined = ReadonlyMap<string, readonly string[]>;

function neighbours(nodes: readonly string[], edges: readonly { from: string; to: string }[]): Joined {
  const joined = new Map<string, string[]>(nodes.map((name) => [name, []]));
  for (const { from, to } of edges) joined.get(from)?.push(to);
  return joined;
}

/** The edges without those that lead back to where a walk comes from. */
function acyclic(nodes: readonly string[], out: Joined): Joined {
  const state = new Map<string, "open" | "done">();
  const kept = new Map<string, string[]>(nodes.map((name) => [name, []]));
  const visit = (name: string) => {
    state.set(name, "open");
    for (const next of out.get(name) ?? []) {
      if (state.get(next) === "open") continue;
      kept.get(name)!.push(next);
      if (state.get(next) === undefined) visit(next);
    }
    state.set(name, "done");
  };
  for (const name of nodes) if (state.get(name) === undefined) visit(name);
  return kept;
}

function layersOf(nodes: readonly string[], out: Joined): string[][] {
  const entering = new Map<string, number>(nodes.map((name) => [name, 0]));
  for (const next of [...out.values()].flat()) entering.set(next, entering.get(next)! + 1);
  const rank = new Map<string, number>(nodes.map((name) => [name, 0]));
  const ready = nodes.filter((name) => entering.get(name) === 0);
  for (let at = 0; at < ready.length; at++) {
    const name = ready[at]!;
    for (const next of out.get(name)!) {
      rank.set(next, Math.max(rank.get(next)!, rank.get(name)! + 1));
      entering.set(next, entering.get(next)! - 1);
      if (entering.get(next) === 0) ready.push(next);
    }
  }
  const layers: string[][] = [];
  for (const name of nodes) {
    const at = rank.get(name)!;
    while (layers.length <= at) layers.push([]);
    layers[at]!.push(name);
  }
  return layers;
}

/** Sweeps down by those above and up by those below, each class at the mean place of what it is joined to. */
function ordered(layers: string[][], out: Joined, into: Joined): string[][] {
  const place = new Map<string, number>();
  const note = (layer: readonly string[]) => {
    for (const [at, name] of layer.entries()) place.set(name, (at + 0.5) / layer.length);
  };
  layers.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const means = new Map(
        layer.map((name) => [name, meanOf((down ? into : out).get(name)!, place) ?? place.get(name)!]),
      );
      layer.sort((a, b) => means.get(a)! - means.get(b)!);
      note(layer);
    }
  }
  return layers;
}

function meanOf(names: readonly string[], place: ReadonlyMap<string, number>): number | undefined {
  if (names.length === 0) return undefined;
  return names.reduce((sum, name) => sum + place.get(name)!, 0) / names.length;
}

function placed(layers: readonly (readonly string[])[]): Layout {
  const widthOf = (name: string) => [...boxText(name)].length * CHARACTER + 20;
  const spans = layers.map(
    (layer) => layer.reduce((sum, name) => sum + widthOf(name), 0) + BOX_GAP * Math.max(0, layer.length - 1),
  );
  const widest = Math.max(240, ...spans);
  const boxes = new Map<string, Box>();
  for (const [at, layer] of layers.entries()) {
    let x = MARGIN + (widest - spans[at]!) / 2;
    for (const name of layer) {
      const width = widthOf(name);
      boxes.set(name, { name, x, y: MARGIN + at * (BOX_HEIGHT + LAYER_GAP), width, height: BOX_HEIGHT });
      x += width + BOX_GAP;
    }
  }
  const depth = layers.length * (BOX_HEIGHT + LAYER_GAP) - (layers.length === 0 ? 0 : LAYER_GAP);
  return { boxes, width: widest + 2 * MARGIN, height: depth + 2 * MARGIN };
}
