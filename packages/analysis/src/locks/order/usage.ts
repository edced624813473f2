import { reportDependency, reportUsage } from "../rules/context.ts";
import type { Run } from "../run.ts";
import type { ClassNode, Edge, Place } from "../state.ts";
import { isHeldAlone, isTakenRecursively, search } from "./graph.ts";

type Reader = 0 | 1;

/** Notes that a class was acquired in these contexts. */
export function markUsedIn(run: Run, node: ClassNode, reader: Reader, bits: number, at: Place): void {
  const fresh = bits & ~node.usedIn[reader];
  if (fresh === 0) return;
  node.usedIn[reader] |= fresh;
  remember(node, "in", reader, fresh, at);
  judgeUsage(run, node, fresh);
  if (node.out.size === 0) return;
  // Dependencies that lead from this use to one with the context enabled.
  for (const reached of search(node, { weak: reader === 1, avoid: isPerLane })) {
    if (reached.node === node) continue;
    judgeDependency(run, node, reached.node, fresh & enabledFor(reached.node, reached.weak), () => reached.path());
  }
}

/** Notes that a class was held while these contexts were not masked. */
export function markEnabled(run: Run, node: ClassNode, reader: Reader, bits: number, at: Place): void {
  node.held[reader] = true;
  const fresh = bits & ~node.enabled[reader];
  if (fresh === 0) return;
  node.enabled[reader] |= fresh;
  remember(node, "on", reader, fresh, at);
  judgeUsage(run, node, fresh);
  if (node.in.size === 0) return;
  for (const reached of search(node, { backward: true, weak: reader === 1, avoid: isPerLane })) {
    if (reached.node === node) continue;
    const path = () => reached.path().reverse();
    judgeDependency(run, reached.node, node, fresh & usedFor(reached.node, reached.weak), path);
  }
}

/** Looks at what a new dependency connects: uses in contexts before it, with uses that those can interrupt behind it. */
export function judgeNewEdge(run: Run, edge: Edge, bit: number): void {
  if (run.session.contextByBit.length === 0) return;
  const before = [...search(edge.from, { backward: true, weak: !isHeldAlone(bit), avoid: isPerLane })];
  if (!before.some(({ node, weak }) => usedFor(node, weak) !== 0)) return;
  for (const behind of search(edge.to, { weak: isTakenRecursively(bit), avoid: isPerLane })) {
    const enabled = enabledFor(behind.node, behind.weak);
    for (const front of before) {
      const bits = enabled & usedFor(front.node, front.weak);
      const path = () => [...front.path().reverse(), edge, ...behind.path()];
      if (front.node !== behind.node) judgeDependency(run, front.node, behind.node, bits, path);
    }
  }
}

/** Instances of a lane each cannot make another lane wait. */
function isPerLane({ perLane }: ClassNode): boolean {
  return perLane;
}

/** A reader that interrupts does not wait for a lock that is held shared. */
function usedFor({ usedIn }: ClassNode, heldShared: boolean): number {
  return heldShared ? usedIn[0] : usedIn[0] | usedIn[1];
}

/** A recursive reader does not wait for a lock that readers hold. */
function enabledFor({ enabled }: ClassNode, takenRecursively: boolean): number {
  return takenRecursively ? enabled[0] : enabled[0] | enabled[1];
}

/** On one class, readers do not wait for readers. */
function judgeUsage(run: Run, node: ClassNode, fresh: number): void {
  const [writers, readers] = node.usedIn;
  const bits = fresh & ((writers & (node.enabled[0] | node.enabled[1])) | (readers & node.enabled[0]));
  for (const context of run.session.contextByBit) if ((bits & context.bit) !== 0) reportUsage(run, node, context);
}

function judgeDependency(run: Run, used: ClassNode, enabled: ClassNode, bits: number, path: () => Edge[]): void {
  if (bits === 0) return;
  for (const context of run.session.contextByBit) {
    if ((bits & context.bit) !== 0) reportDependency(run, used, enabled, context, path());
  }
}

function remember({ usedAt }: ClassNode, how: "in" | "on", reader: Reader, bits: number, at: Place): void {
  for (let bit = 0; bit < 31; bit++) {
    if ((bits & (1 << bit)) !== 0) usedAt.set(`${how}${bit}${reader}`, at);
  }
}
