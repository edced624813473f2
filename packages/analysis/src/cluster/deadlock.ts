import { fingerprintOf } from "../finding.ts";
import type { ReportedFinding } from "../result.ts";
import { RULES } from "../rules.ts";
import { plainPlace } from "./order.ts";
import type { SharedHold, SharedView } from "./shared.ts";

/** A lane that waits for what another one holds. */
interface Step {
  readonly waits: SharedHold;
  readonly holds: SharedHold;
}

/** Circles of lanes of different sessions that wait for each other now. */
export function clusterDeadlocks(views: readonly SharedView[]): ReportedFinding[] {
  if (views.length < 2) return [];
  const holders = Map.groupBy(
    views.flatMap(({ holds }) => holds),
    ({ lock }) => lock.key,
  );
  const waiters = new Map(views.flatMap(({ waits }) => waits.map((wait) => [wait.lane, wait] as const)));
  const found = new Map<string, ReportedFinding>();
  for (const lane of waiters.keys()) {
    const circle = circleOf(lane, waiters, holders);
    if (circle === undefined || new Set(circle.map(({ waits }) => waits.at.session)).size < 2) continue;
    const finding = findingOf(circle);
    found.set(finding.fingerprint, finding);
  }
  return [...found.values()];
}

function circleOf(
  root: string,
  waiters: ReadonlyMap<string, SharedHold>,
  holders: ReadonlyMap<string, readonly SharedHold[]>,
): Step[] | undefined {
  const seen = new Set<string>();
  const path: Step[] = [];
  const visit = (lane: string): boolean => {
    const waits = waiters.get(lane);
    if (waits === undefined) return false;
    for (const holds of holders.get(waits.lock.key) ?? []) {
      const isCompatible = waits.mode !== 0 && holds.mode !== 0;
      if (holds.lane === lane || isCompatible) continue;
      path.push({ waits, holds });
      if (holds.lane === root) return true;
      if (!seen.has(holds.lane)) {
        seen.add(holds.lane);
        if (visit(holds.lane)) return true;
      }
      path.pop();
    }
    return false;
  };
  return visit(root) ? path : undefined;
}

function findingOf(circle: readonly Step[]): ReportedFinding {
  const names = circle.map(({ waits }) => waits.lock.name);
  const places = circle.flatMap(({ waits, holds }) => [holds.at, waits.at]);
  const lanes = circle.map(({ waits: { at } }) => `${at.lane} of ${at.session}`);
  const walls = places.map(({ wall }) => wall);
  const functions = places.map((place) => place.function).filter((name) => name !== "");
  return {
    rule: "live.deadlock",
    severity: RULES["live.deadlock"].severity,
    title: RULES["live.deadlock"].title,
    message: `${lanes.join(", ")} wait for each other: ${names.join(", ")}`,
    fingerprint: fingerprintOf({ rule: "live.deadlock", classes: names, functions }).toString("hex"),
    count: 1,
    first: walls.reduce((least, wall) => (wall < least ? wall : least)),
    last: walls.reduce((most, wall) => (wall > most ? wall : most)),
    sessions: [...new Set(places.map(({ session }) => session))].sort(),
    locks: names,
    evidence: places.map(({ session, laneNumber, eventNo }) => ({ session, lane: laneNumber, eventNo })),
    unproven: "",
    detail: {
      circle: circle.map(({ waits, holds }) => ({
        lock: waits.lock.name,
        waits: plainPlace(waits.at),
        holds: plainPlace(holds.at),
      })),
    },
  };
}
