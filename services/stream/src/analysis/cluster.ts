import { deserialize } from "node:v8";
import { clusterFindings, type ReportedFinding, type SharedView } from "@wayward/analysis";
import { delay } from "@wayward/base";
import type { Bus } from "@wayward/bus";
import { SHARED_CHANNEL } from "./shared-channel.ts";
import { isWorthTelling, Told, toldNow } from "./told.ts";

/** Sessions whose shared locks are looked at together; the ones heard of longest ago go. */
const VIEWS_MAX = 1_000;
/** Findings that are known to have been told; the oldest are told again where they still hold. */
const TOLD_MAX = 10_000;
/** All views are looked at together at most so often. */
const EVERY_MS = 200;
/** Of the time, looking takes at most a tenth. */
const SHARE = 10;
/**
 * A deadlock must stand for so long: sessions tell of themselves at different
 * times, and that a wait has ended may come after what has begun since. An
 * agent's interval, its way here and a partition's interval take less.
 */
const STANDS_MS = 500;

/** Looks for what no session shows alone, in what those who analyse partitions tell, until the signal. */
export async function analyseCluster(
  bus: Bus,
  report: (finding: ReportedFinding) => void,
  signal: AbortSignal,
): Promise<void> {
  const views = new Map<string, SharedView>();
  const told = new Told(TOLD_MAX);
  const standing = new Standing();
  let isNew = false;
  let pauseMs = EVERY_MS;
  const heard = await bus.hear(SHARED_CHANNEL, (body) => {
    const view = deserialize(body) as SharedView;
    views.delete(view.session);
    views.set(view.session, view);
    for (const oldest of views.keys()) {
      if (views.size <= VIEWS_MAX) break;
      views.delete(oldest);
    }
    isNew = true;
  });
  try {
    while (!signal.aborted) {
      await delay(pauseMs, signal);
      if ((!isNew && !standing.isWaiting) || signal.aborted) continue;
      isNew = false;
      const begunMs = performance.now();
      for (const finding of standing.take(clusterFindings([...views.values()]), begunMs)) {
        const key = `${finding.rule} ${finding.fingerprint} ${finding.sessions.join()}`;
        const isOver = finding.sessions.every((session) => views.get(session)?.ended);
        if (!isWorthTelling(finding, told.get(key), { nowMs: begunMs, isOver })) continue;
        told.set(key, toldNow(finding, begunMs));
        report(finding);
      }
      pauseMs = Math.max(EVERY_MS, SHARE * (performance.now() - begunMs));
    }
  } finally {
    await heard.close();
  }
}

/** Holds deadlocks back until they have stood long enough. */
class Standing {
  /** By what the deadlock rests on: since when it is seen. */
  #since = new Map<string, number>();
  isWaiting = false;

  /** What of the findings stands. */
  take(findings: readonly ReportedFinding[], nowMs: number): ReportedFinding[] {
    const since = new Map<string, number>();
    this.isWaiting = false;
    const taken = findings.filter(({ rule, evidence }) => {
      if (rule !== "live.deadlock") return true;
      const key = JSON.stringify(evidence);
      const firstMs = this.#since.get(key) ?? nowMs;
      since.set(key, firstMs);
      if (nowMs - firstMs >= STANDS_MS) return true;
      this.isWaiting = true;
      return false;
    });
    this.#since = since;
    return taken;
  }
}
