import type { ClassNode, Edge, LockSession, Place } from "../state.ts";

/**
 * How one lock was held and another taken: E or S by the holder (exclusive or
 * shared), N or R by the taker (R is a shared-recursive reader). Linux
 * Documentation/locking/lockdep-design.rst, "Recursive read locks".
 */
const DEPENDENCY = { EN: 1, ER: 2, SN: 4, SR: 8 } as const;

const { EN, ER, SN, SR } = DEPENDENCY;
const BY_EXCLUSIVE = EN | ER;
const NOT_RECURSIVE = EN | SN;

export function dependencyOf(holderMode: number, takerMode: number): number {
  const taker = takerMode === 2 ? 1 : 0;
  return holderMode === 0 ? (taker === 0 ? EN : ER) : taker === 0 ? SN : SR;
}

/** Edges between classes that one session may have; with more, new ones are counted only. */
const EDGES_MAX = 1_000_000;

/** Notes that `to` was taken while `from` was held. True if that dependency is new. */
export function addEdge(
  session: LockSession,
  from: ClassNode,
  to: ClassNode,
  bit: number,
  held: Place,
  taken: Place,
  unsure = false,
): boolean {
  const known = from.out.get(to.id);
  if (known !== undefined) {
    // Seen once for sure is enough: it is judged anew, by where that was.
    const isSurer = known.unsure && !unsure;
    if (isSurer) Object.assign(known, { unsure: false, held, taken });
    if ((known.bits & bit) !== 0) return isSurer;
    known.bits |= bit;
    return true;
  }
  if (session.edges >= EDGES_MAX) {
    session.leftOut.set("edges", (session.leftOut.get("edges") ?? 0) + 1);
    return false;
  }
  session.edges++;
  const edge: Edge = { from, to, bits: bit, held, taken, count: 0, unsure };
  from.out.set(to.id, edge);
  to.in.set(from.id, edge);
  return true;
}

/** A class ends, and with it what was known of its order. */
export function removeNode(session: LockSession, node: ClassNode): void {
  for (const { to } of node.out.values()) to.in.delete(node.id);
  for (const { from } of node.in.values()) from.out.delete(node.id);
  session.edges -= node.out.size + node.in.size;
  node.out.clear();
  node.in.clear();
}

/** What a search needs of a node, and of an edge: the graph of a session or of a cluster. */
interface SearchNode<E> {
  readonly id: number;
  readonly out: ReadonlyMap<number, E>;
  readonly in: ReadonlyMap<number, E>;
}

interface SearchEdge<N> {
  readonly from: N;
  readonly to: N;
  readonly bits: number;
}

/** Bits that may follow a weak step, and bits that are no weak step themselves. */
interface Strength {
  readonly afterWeak: number;
  readonly strong: number;
}

/** Forward a step is weak where a recursive reader takes: only an exclusive holder may follow it. */
const FORWARD: Strength = { afterWeak: BY_EXCLUSIVE, strong: NOT_RECURSIVE };

/** Backward it is weak where a reader holds: only a taker that is not recursive may come before it. */
const BACKWARD: Strength = { afterWeak: NOT_RECURSIVE, strong: BY_EXCLUSIVE };

/** A node that a search has reached, and by which edge. */
interface Step<N, E> {
  readonly node: N;
  /** Reached by weak steps only. */
  readonly weak: boolean;
  readonly edge: E | undefined;
  readonly before: Step<N, E> | undefined;
}

/** A node reached; `weak` says that only weak steps lead there. */
interface Reached<N, E> {
  readonly node: N;
  readonly weak: boolean;
  /** The edges from the root to it, in the order of the search. */
  path(): E[];
}

interface SearchOptions<N> {
  readonly backward?: boolean;
  /** The step into the root was weak. */
  readonly weak: boolean;
  /** Nodes that paths do not pass. */
  readonly avoid?: (node: N) => boolean;
}

/** Every node that a strong path reaches from `root`, the root first; nearest first. */
export function* search<N extends SearchNode<E>, E extends SearchEdge<N>>(
  root: N & SearchNode<E>,
  { backward = false, weak, avoid }: SearchOptions<N>,
): Generator<Reached<N, E>> {
  if (avoid?.(root)) return;
  const { afterWeak, strong } = backward ? BACKWARD : FORWARD;
  /** 1 reached weakly, 2 reached strongly, which says more. */
  const seen = new Map<number, number>([[root.id, weak ? 1 : 2]]);
  const queue: Step<N, E>[] = [{ node: root, weak, edge: undefined, before: undefined }];
  for (let at = 0; at < queue.length; at++) {
    const step = queue[at]!;
    yield { node: step.node, weak: step.weak, path: () => pathTo(step) };
    for (const edge of (backward ? step.node.in : step.node.out).values()) {
      const bits = step.weak ? edge.bits & afterWeak : edge.bits;
      if (bits === 0) continue;
      const node = backward ? edge.from : edge.to;
      const isWeak = (bits & strong) === 0;
      const rank = isWeak ? 1 : 2;
      if ((seen.get(node.id) ?? 0) >= rank || avoid?.(node)) continue;
      seen.set(node.id, rank);
      queue.push({ node, weak: isWeak, edge, before: step });
    }
  }
}

function pathTo<N, E>(step: Step<N, E>): E[] {
  const path: E[] = [];
  for (let at: Step<N, E> | undefined = step; at?.edge !== undefined; at = at.before) path.push(at.edge);
  return path.reverse();
}

/** True if the holder of this dependency is exclusive. */
export function isHeldAlone(bit: number): boolean {
  return (bit & BY_EXCLUSIVE) !== 0;
}

/** True if its taker is a shared-recursive reader. */
export function isTakenRecursively(bit: number): boolean {
  return (bit & NOT_RECURSIVE) === 0;
}

/** One dependency of each edge of a cycle, so that together they are strong; undefined where there are none. */
export function strongBits(cycle: readonly number[]): number[] | undefined {
  const each = [EN, ER, SN, SR];
  for (const first of each) {
    if ((cycle[0]! & first) === 0) continue;
    let ways = [[first]];
    for (const bits of cycle.slice(1)) {
      const next = ways.flatMap((way) =>
        each.filter((bit) => (bits & bit) !== 0 && follows(way.at(-1)!, bit)).map((bit) => [...way, bit]),
      );
      // What comes next asks only whether the last taker was recursive.
      ways = [true, false]
        .map((weak) => next.find((way) => isTakenRecursively(way.at(-1)!) === weak))
        .filter((way) => way !== undefined);
    }
    const closed = ways.find((way) => follows(way.at(-1)!, first));
    if (closed !== undefined) return closed;
  }
  return undefined;
}

/** A recursive taker may be followed by an exclusive holder only. */
function follows(before: number, bit: number): boolean {
  return !isTakenRecursively(before) || isHeldAlone(bit);
}
