import { fingerprintOf } from "../finding.ts";
import { isHeldAlone, isTakenRecursively, search } from "../locks/order/graph.ts";
import type { ReportedFinding } from "../result.ts";
import { RULES } from "../rules.ts";
import type { SharedEdge, SharedPlace, SharedView } from "./shared.ts";

/** A class of the whole cluster; what belongs to one session alone is a class of its own. */
interface GlobalNode {
  readonly id: number;
  readonly name: string;
  readonly out: Map<number, GlobalEdge>;
  readonly in: Map<number, GlobalEdge>;
}

interface GlobalEdge {
  readonly from: GlobalNode;
  readonly to: GlobalNode;
  bits: number;
  /** Where it was seen, by session. */
  readonly seen: SharedEdge[];
}

/** Each of the four ways in which an edge can be held and taken. */
const BITS = [1, 2, 4, 8];

/** Inversions that no session shows alone: strong cycles over edges of at least two of them. */
export function clusterInversions(views: readonly SharedView[]): ReportedFinding[] {
  if (views.length < 2) return [];
  const nodes = new Map<string, GlobalNode>();
  for (const { edges } of views) for (const edge of edges) addEdge(nodes, edge);
  const found = new Map<string, ReportedFinding>();
  for (const node of nodes.values()) {
    for (const edge of node.out.values()) {
      for (const bit of BITS) {
        const cycle = (edge.bits & bit) === 0 ? undefined : cycleOf(edge, bit);
        if (cycle === undefined) continue;
        const finding = findingOf(cycle);
        if (finding !== undefined && !found.has(finding.fingerprint)) found.set(finding.fingerprint, finding);
      }
    }
  }
  return [...found.values()];
}

function addEdge(nodes: Map<string, GlobalNode>, edge: SharedEdge): void {
  const node = ({ key, name }: SharedEdge["from"]) => {
    const known = nodes.get(key) ?? { id: nodes.size, name, out: new Map(), in: new Map() };
    nodes.set(key, known);
    return known;
  };
  const [from, to] = [node(edge.from), node(edge.to)];
  const known = from.out.get(to.id);
  if (known !== undefined) {
    known.bits |= edge.bits;
    known.seen.push(edge);
    return;
  }
  const made: GlobalEdge = { from, to, bits: edge.bits, seen: [edge] };
  from.out.set(to.id, made);
  to.in.set(from.id, made);
}

function cycleOf(edge: GlobalEdge, bit: number): GlobalEdge[] | undefined {
  for (const reached of search(edge.to, { weak: isTakenRecursively(bit) })) {
    if (reached.node === edge.from && (!reached.weak || isHeldAlone(bit))) return [edge, ...reached.path()];
  }
  return undefined;
}

/** Undefined where one session has seen all of it: it tells by itself. */
function findingOf(cycle: readonly GlobalEdge[]): ReportedFinding | undefined {
  const seenBy = cycle.map(({ seen }) => seen.map(({ held }) => held.session));
  if (seenBy[0]!.some((session) => seenBy.every((sessions) => sessions.includes(session)))) return undefined;
  const names = cycle.map(({ from }) => from.name);
  const edges = cycle.map(({ seen }) => seen[0]!);
  const places = edges.flatMap(({ held, taken }) => [held, taken]);
  const walls = places.map(({ wall }) => wall);
  const functions = places.map((place) => place.function).filter((name) => name !== "");
  return {
    rule: "order.inversion",
    severity: RULES["order.inversion"].severity,
    title: RULES["order.inversion"].title,
    message: `${names.join(", then ")}, then ${names[0]} again, by different processes: lanes of them can wait for each other in a circle`,
    fingerprint: fingerprintOf({ rule: "order.inversion", classes: names, functions }).toString("hex"),
    count: 1,
    first: walls.reduce((least, wall) => (wall < least ? wall : least)),
    last: walls.reduce((most, wall) => (wall > most ? wall : most)),
    sessions: [...new Set(cycle.flatMap(({ seen }) => seen.map(({ held }) => held.session)))].sort(),
    locks: names,
    evidence: places.map(({ session, laneNumber, eventNo }) => ({ session, lane: laneNumber, eventNo })),
    unproven: "",
    detail: {
      cycle: edges.map(({ from, to, held, taken }) => ({
        from: from.name,
        to: to.name,
        held: plainPlace(held),
        taken: plainPlace(taken),
      })),
    },
  };
}

/** Wall times as text: details travel as JSON. */
export function plainPlace({ wall, ...place }: SharedPlace) {
  return { ...place, wall: String(wall) };
}
