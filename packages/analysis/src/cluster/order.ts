import { fingerprintOf } from "../finding.ts";
import { isHeldAlone, isTakenRecursively, search, strongBits } from "../locks/order/graph.ts";
import type { ReportedFinding } from "../result.ts";
import { RULES } from "../rules.ts";
import { plainPlace, spanOf } from "./places.ts";
import type { SharedEdge, SharedView } from "./shared.ts";

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
/** Searches for cycles at most, each over all edges. */
const SEARCHES_MAX = 10_000;

/** Inversions that no session shows alone: strong cycles over edges of at least two of them, or over calls. */
export function clusterInversions(views: readonly SharedView[]): ReportedFinding[] {
  const nodes = new Map<string, GlobalNode>();
  for (const { edges } of views) for (const edge of edges) addEdge(nodes, edge);
  peel([...nodes.values()]);
  const starts = [...nodes.values()].flatMap(({ out }) => [...out.values()]).slice(0, SEARCHES_MAX);
  const found = new Map<string, ReportedFinding>();
  for (const edge of starts) {
    for (const bit of BITS) {
      const cycle = (edge.bits & bit) === 0 ? undefined : cycleOf(edge, bit);
      const finding = cycle === undefined ? undefined : findingOf(cycle);
      if (finding !== undefined && !found.has(finding.fingerprint)) found.set(finding.fingerprint, finding);
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

/** Takes away what no cycle passes, again and again: locks that nothing is held before, or nothing taken after. */
function peel(nodes: GlobalNode[]): void {
  const ends = nodes.filter((node) => node.out.size === 0 || node.in.size === 0);
  for (let node = ends.pop(); node !== undefined; node = ends.pop()) {
    for (const { to } of node.out.values()) if (to.in.delete(node.id) && to.in.size === 0) ends.push(to);
    for (const { from } of node.in.values()) if (from.out.delete(node.id) && from.out.size === 0) ends.push(from);
    node.out.clear();
    node.in.clear();
  }
}

function cycleOf(edge: GlobalEdge, bit: number): GlobalEdge[] | undefined {
  for (const reached of search(edge.to, { weak: isTakenRecursively(bit) })) {
    if (reached.node === edge.from && (!reached.weak || isHeldAlone(bit))) return [edge, ...reached.path()];
  }
  return undefined;
}

/** Undefined where one session has seen all of it: it tells by itself. */
function findingOf(cycle: readonly GlobalEdge[]): ReportedFinding | undefined {
  const bits = strongBits(cycle.map((edge) => edge.bits));
  if (bits === undefined || cycle[0]!.seen.some(({ held }) => isAlone(held.session, cycle))) return undefined;
  const names = cycle.map(({ from }) => from.name).filter((name) => name !== "");
  const overCalls = names.length < cycle.length;
  if (overCalls && names.length === 1 && !isOneLock(cycle)) return undefined;
  const how = overCalls ? "over calls that are waited for" : "by different processes";
  const edges = cycle.map(({ seen }, index) => firstOf(seen.filter((edge) => (edge.bits & bits[index]!) !== 0)));
  const places = edges.flatMap(({ held, taken }) => [held, taken]);
  const functions = places.map((place) => place.function).filter((name) => name !== "");
  const span = spanOf(places);
  return {
    rule: "order.inversion",
    severity: RULES["order.inversion"].severity,
    title: RULES["order.inversion"].title,
    message: `${names.join(", then ")}, then ${names[0]} again, ${how}: lanes of them can wait for each other in a circle`,
    fingerprint: fingerprintOf({ rule: "order.inversion", classes: names, functions }).toString("hex"),
    count: 1,
    ...span,
    sessions: [...new Set(cycle.flatMap(({ seen }) => seen.map(({ held }) => held.session)))].sort(),
    locks: names,
    evidence: places.map(({ session, laneNumber, eventNo }) => ({ session, lane: laneNumber, eventNo })),
    unproven: edges.find(({ doubt }) => doubt !== "")?.doubt ?? "",
    detail: {
      cycle: edges.map(({ from, to, held, taken }, index) => ({
        from: from.name || "(call)",
        to: to.name || "(call)",
        held: plainPlace(held),
        taken: plainPlace(taken),
        ...timesOf(cycle[index]!),
      })),
    },
  };
}

/** How often all sessions saw this order, as far as they count it. */
function timesOf({ seen }: GlobalEdge): { readonly count?: number } {
  const count = seen.reduce((sum, edge) => sum + (edge.count ?? 0), 0);
  return count === 0 ? {} : { count };
}

/** True if the lock that is held over a call is the one that is taken to answer it, and not only of its class. */
function isOneLock(cycle: readonly GlobalEdge[]): boolean {
  const locks = cycle.flatMap(({ seen }) => seen.map(({ lock }) => lock)).filter((lock) => lock !== "");
  return new Set(locks).size === 1;
}

/** True if this session's own edges are a strong cycle already; it does not look at calls itself. */
function isAlone(session: string, cycle: readonly GlobalEdge[]): boolean {
  if (cycle.some(({ from }) => from.name === "")) return false;
  const own = cycle.map(({ seen }) => seen.find(({ held }) => held.session === session)?.bits ?? 0);
  return strongBits(own) !== undefined;
}

/** The earliest that is not in doubt, else the earliest: what comes later changes no fingerprint, unless it is surer. */
function firstOf(seen: readonly SharedEdge[]): SharedEdge {
  return seen.reduce((first, edge) => {
    if ((edge.doubt === "") !== (first.doubt === "")) return edge.doubt === "" ? edge : first;
    if (edge.taken.wall !== first.taken.wall) return edge.taken.wall < first.taken.wall ? edge : first;
    return edge.taken.session < first.taken.session ? edge : first;
  });
}
