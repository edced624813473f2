import { deserialize } from "node:v8";
import { clusterFindings, type ReportedFinding, type SharedView } from "@wayward/analysis";
import { delay } from "@wayward/base";
import type { Bus } from "@wayward/bus";
import { SHARED_CHANNEL } from "./shared-channel.ts";

/** Sessions whose shared locks are looked at together; the ones heard of longest ago go. */
const VIEWS_MAX = 1_000;
/** Findings that are known to be told; with more they may be told again, which readers merge. */
const TOLD_MAX = 10_000;
/** All views are looked at together at most so often. */
const EVERY_MS = 250;

/** Looks for what no session shows alone, in what those who analyse partitions tell, until the signal. */
export async function analyseCluster(
  bus: Bus,
  report: (finding: ReportedFinding) => void,
  signal: AbortSignal,
): Promise<void> {
  const views = new Map<string, SharedView>();
  const told = new Set<string>();
  let isNew = false;
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
      await delay(EVERY_MS, signal);
      if (!isNew || signal.aborted) continue;
      isNew = false;
      for (const finding of clusterFindings([...views.values()])) {
        const key = `${finding.rule} ${finding.fingerprint} ${finding.sessions.join()}`;
        if (told.has(key)) continue;
        if (told.size >= TOLD_MAX) told.clear();
        told.add(key);
        report(finding);
      }
    }
  } finally {
    await heard.close();
  }
}
