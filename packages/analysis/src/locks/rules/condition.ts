import type { Finding } from "../../finding.ts";
import { here, type Run, report } from "../run.ts";
import type { Hold, Lock, LockSession, Sleeper } from "../state.ts";

/** `misuse.cond-no-mutex`, `misuse.cond-two-mutexes`. */
export function judgeWait(run: Run, condition: Lock, mutex: Lock | undefined, held: Hold | undefined): void {
  if (held === undefined) {
    report(run, "misuse.cond-no-mutex", {
      locks: mutex === undefined ? [condition] : [condition, mutex],
      message: `${condition.name} is waited for by a lane that does not hold ${mutex?.name ?? "a lock"}`,
      evidence: [here(run)],
    });
  }
  const other = condition.sleepers.find((sleeper) => !sleeper.woken && sleeper.mutex !== mutex);
  if (other === undefined || mutex === undefined) return;
  report(run, "misuse.cond-two-mutexes", {
    locks: [condition, mutex, ...(other.mutex === undefined ? [] : [other.mutex])],
    message: `${condition.name} is waited for with ${mutex.name} and with ${other.mutex?.name ?? "no lock"} at the same time`,
    evidence: [other.at, here(run)],
  });
}

/** `misuse.signal-lost`: nobody waits. Told by the way until a later wait shows that it was needed. */
export function reportSignalLost(run: Run, condition: Lock): Finding | undefined {
  return report(run, "misuse.signal-lost", {
    locks: [condition],
    message: `a signal of ${condition.name} meets no waiter`,
    evidence: [here(run)],
  });
}

/** A wait has timed out, or never ends: the signals before it were needed. */
export function judgeWoken(session: LockSession, condition: Lock, sleeper: Sleeper): void {
  for (const { finding, since } of condition.lostSignals) {
    if (since > sleeper.since || finding.severity === "warning") continue;
    session.reports++;
    finding.severity = "warning";
    finding.message = `${finding.message}, and a later wait for it was not woken`;
    finding.evidence.push({ lane: sleeper.at.lane, eventNo: sleeper.at.eventNo });
    finding.last = session.now;
  }
}
