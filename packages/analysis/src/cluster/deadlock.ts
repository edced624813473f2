import { fingerprintOf } from "../finding.ts";
import type { ReportedFinding } from "../result.ts";
import { RULES } from "../rules.ts";
import { laneText, plainPlace, spanOf } from "./places.ts";
import type { SharedTaken, SharedView, SharedWait } from "./shared.ts";

/** A lane that waits for what another one holds. */
interface Step {
  readonly waits: SharedWait;
  readonly holds: SharedTaken;
}

/** Clocks of hosts that are kept by NTP differ by less: one second, in nanoseconds. */
const CLOCKS_NS = 1_000_000_000n;
/** Waits that are looked at together; the latest ones are. */
const WAITS_MAX = 20_000;

/**
 * Circles of lanes of different sessions that wait for each other, or did. A
 * circle is complete when its last wait begins, so for each wait the others
 * of that moment are looked at.
 */
export function clusterDeadlocks(views: readonly SharedView[]): ReportedFinding[] {
  const waits = views
    .flatMap((view) => view.waits)
    .filter(({ holds }) => holds.length > 0)
    .sort((a, b) => (a.at.wall < b.at.wall ? 1 : -1))
    .slice(0, WAITS_MAX);
  const byHeld = new Map<string, SharedWait[]>();
  for (const wait of waits) {
    for (const { key } of wait.holds) {
      const holders = byHeld.get(key) ?? [];
      holders.push(wait);
      byHeld.set(key, holders);
    }
  }
  const boots = new Map(views.map(({ session, boot }) => [session, boot]));
  const found = new Map<string, ReportedFinding>();
  for (const last of waits.reverse()) {
    const circle = circleOf(last, byHeld);
    if (circle === undefined || new Set(circle.map(({ waits: { at } }) => at.session)).size < 2) continue;
    const finding = findingOf(circle, boots);
    const known = found.get(finding.fingerprint);
    found.set(
      finding.fingerprint,
      known === undefined ? finding : { ...known, count: known.count + 1, last: finding.last },
    );
  }
  return [...found.values()];
}

/** The circle that a wait has closed when it began. */
function circleOf(last: SharedWait, byHeld: ReadonlyMap<string, readonly SharedWait[]>): Step[] | undefined {
  const now = last.at.wall;
  const seen = new Set<SharedWait>();
  const path: Step[] = [];
  const visit = (waits: SharedWait): boolean => {
    for (const next of byHeld.get(waits.key) ?? []) {
      const isThen = next.at.wall <= now && (next.until === undefined || next.until > now);
      const holds = next.holds.find(({ key, mode }) => key === waits.key && (mode === 0 || waits.mode === 0));
      if (holds === undefined || !isThen || next.lane === waits.lane) continue;
      path.push({ waits, holds });
      if (next === last) return true;
      if (!seen.has(next)) {
        seen.add(next);
        if (visit(next)) return true;
      }
      path.pop();
    }
    return false;
  };
  return visit(last) ? path : undefined;
}

function findingOf(circle: readonly Step[], boots: ReadonlyMap<string, string>): ReportedFinding {
  const names = circle.map(({ waits }) => waits.name);
  const places = circle.flatMap(({ waits, holds }) => [holds.at, waits.at]);
  const lanes = circle.map(({ waits: { at } }) => laneText(at));
  const classes = circle.map(({ waits }) => waits.class);
  const functions = places.map((place) => place.function).filter((name) => name !== "");
  return {
    rule: "live.deadlock",
    severity: RULES["live.deadlock"].severity,
    title: RULES["live.deadlock"].title,
    message: `${lanes.join(", ")} wait for each other: ${names.join(", ")}`,
    fingerprint: fingerprintOf({ rule: "live.deadlock", classes, functions }).toString("hex"),
    count: 1,
    ...spanOf(places),
    locks: names,
    evidence: places.map(({ session, laneNumber, eventNo }) => ({ session, lane: laneNumber, eventNo })),
    unproven: unprovenBy(circle, boots),
    detail: {
      circle: circle.map(({ waits, holds }) => ({
        lock: waits.name,
        waits: plainPlace(waits.at),
        holds: plainPlace(holds.at),
      })),
    },
  };
}

/** A lane that is an event loop may wait in another flow of code than the one that holds. Waits that are over may not have been at the same time, where their clocks are not the same. */
function unprovenBy(circle: readonly Step[], boots: ReadonlyMap<string, string>): string {
  const doubted = circle.find(({ waits: { doubt } }) => doubt !== "");
  if (doubted !== undefined) return doubted.waits.doubt;
  const clocks = new Set(circle.map(({ waits: { at } }) => boots.get(at.session) || at.session));
  if (clocks.size === 1) return "";
  const begun = circle.map(({ waits: { at } }) => at.wall).reduce((a, b) => (a > b ? a : b));
  const over = circle.map(({ waits: { until } }) => until).filter((until) => until !== undefined);
  if (over.every((until) => until - begun >= CLOCKS_NS)) return "";
  return "the clocks of its hosts may differ by more than the time that the waits had in common";
}
