import type { Finding } from "../../finding.ts";
import { isHeldAlone, isTakenRecursively, search } from "../order/graph.ts";
import { type Run, report, siteText } from "../run.ts";
import type { Edge, LockSession, Place } from "../state.ts";

/** `order.inversion`: the new dependency closes a strong cycle of classes. */
export function judgeInversion(run: Run, edge: Edge, bit: number, held: Place, taken: Place): boolean {
  for (const reached of search(edge.to, { weak: isTakenRecursively(bit) })) {
    // The cycle's own joint must be strong too.
    if (reached.node !== edge.from || (reached.weak && !isHeldAlone(bit))) continue;
    reportCycle(run, [edge, ...reached.path()], held, taken);
    return true;
  }
  return false;
}

function reportCycle(run: Run, cycle: readonly Edge[], held: Place, taken: Place): void {
  const names = cycle.map(({ from }) => from.name);
  const edges = cycle.map((edge, index) => (index === 0 ? { ...edge, held, taken } : edge));
  report(run, "order.inversion", {
    locks: [],
    names,
    classes: names,
    message: `${names.join(", then ")}, then ${names[0]} again: each is acquired while the one before is held, so lanes can wait for each other in a circle`,
    unsure: edges.find(({ unsure }) => unsure)?.from.name,
    evidence: [...edges.slice(1).flatMap((edge) => [edge.held, edge.taken]), held, taken],
    detail: { cycle: edges.map((edge) => edgeDetail(run, edge)) },
  });
}

/** An edge of a cycle as reports show it: both sites, lanes and times. */
function edgeDetail(run: Run, { from, to, held, taken }: Edge) {
  return { from: from.name, to: to.name, held: placeDetail(run, held), taken: placeDetail(run, taken) };
}

function placeDetail(run: Run, place: Place) {
  const { lane, eventNo, time } = place;
  return { lane: run.dictionary.name("lane", lane), laneNumber: lane, eventNo, time, ...siteText(run, place) };
}

interface CycleEdge {
  readonly from: string;
  readonly to: string;
}

/** The cycle of an inversion, each edge with how often its order was seen so far. */
export function countedCycle({ nodes }: LockSession, { detail }: Pick<Finding, "detail">): Finding["detail"] {
  const cycle = detail.cycle as readonly CycleEdge[] | undefined;
  if (cycle === undefined) return detail;
  const countOf = ({ from, to }: CycleEdge) =>
    nodes
      .filter(({ name }) => name === from)
      .flatMap(({ out }) => [...out.values()])
      .find((edge) => edge.to.name === to)?.count ?? 0;
  return { ...detail, cycle: cycle.map((edge) => ({ ...edge, count: countOf(edge) })) };
}
