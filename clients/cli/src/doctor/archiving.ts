import { setTimeout as delay } from "node:timers/promises";
import { WaywardError } from "@wayward/base";
import { countText } from "../output/count.ts";
import { ask } from "./ask.ts";
import type { Finding } from "./finding.ts";
import { byLabel, sum, valuesOf } from "./metrics.ts";

/** What the metrics of archivers say together. */
export interface Archiving {
  /** Partitions held, by who holds them. */
  readonly leases: ReadonlyMap<string, number>;
  /** Partitions of the bus; 0 where nobody tells. */
  readonly partitions: number;
  readonly waiting: number;
  /** Wall seconds; undefined before the first commit of those that run. */
  readonly committed: number | undefined;
  /** Attempts that failed since these archivers started, by reason. */
  readonly failures: ReadonlyMap<string, number>;
  /** Age in seconds of the oldest block that is not archived. */
  readonly lag: number;
}

/** Blocks that wait longer than an archiver gathers them, and longer than its metrics stand, wait for nothing good. */
const LOOK_AGAIN_MS = 25_000;
/** A commit may be as old where blocks wait: an archiver gathers for 10 s. */
const COMMIT_SECONDS_MOST = 60;
/** Where attempts fail, nobody has to wait so long: a block is in the store within this time. */
const LAG_SECONDS_MOST = 15;

/** Looks who archives and when something was last committed, by the metrics at `host:port`. */
export async function archivingFinding(addresses: readonly string[], nowMs: () => number = Date.now): Promise<Finding> {
  const hop = "archiving";
  try {
    const first = await look(addresses);
    const again = isSuspect(first, nowMs()) ? await delay(LOOK_AGAIN_MS).then(() => look(addresses)) : first;
    return judge(hop, first, again, nowMs());
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { hop, ok: false, what, fix: "name the HTTP ports of the archivers in --metrics" };
  }
}

/** Sums up the metrics of archivers, each in the Prometheus text format. */
export function archivingOf(texts: ReadonlyMap<string, string>): Archiving {
  const leases = new Map<string, number>();
  let partitions = 0;
  let waiting = 0;
  let committed: number | undefined;
  let lag = 0;
  const failures = new Map<string, number>();
  for (const [address, text] of texts) {
    const held = valuesOf(text, "wayward_archive_leases");
    if (held.length > 0) leases.set(address, sum(held));
    const messages = valuesOf(text, "wayward_bus_messages");
    // Each process tells of the same bus.
    partitions = Math.max(partitions, messages.length);
    waiting = Math.max(waiting, sum(messages));
    const last = Math.max(...valuesOf(text, "wayward_archive_committed_at_seconds"));
    if (last > (committed ?? 0)) committed = last;
    lag = Math.max(lag, ...valuesOf(text, "wayward_archive_lag_seconds"));
    for (const [reason, count] of byLabel(text, "wayward_archive_failures_total", "reason")) {
      failures.set(reason, (failures.get(reason) ?? 0) + count);
    }
  }
  return { leases, partitions, waiting, committed, failures, lag };
}

/** What to say of two looks; the second may be the first. */
export function judge(hop: string, first: Archiving, again: Archiving, nowMs: number): Finding {
  const { leases, partitions, waiting, committed } = again;
  const holders = [...leases].map(([address, count]) => `${address} holds ${count}`).join(", ");
  const age = committed === undefined ? "no commit yet" : `last commit ${Math.round(nowMs / 1000 - committed)} s ago`;
  const what = `of ${partitions} partitions ${holders || "nobody tells who holds any"}; ${age}, ${countText(waiting, "block")} ${waiting === 1 ? "waits" : "wait"}`;
  const held = sum([...leases.values()]);
  if (held < partitions) {
    const fix = "start an archive service, or name all that run in --metrics";
    return { hop, ok: false, what, fix };
  }
  const failing = [...again.failures].filter(([reason, count]) => count > (first.failures.get(reason) ?? 0));
  if (failing.length > 0 && isFailing(again)) {
    const reasons = failing.map(([reason]) => reason).join(", ");
    const fix = "docs/operate/runbooks/WaywardArchiveFailing.md; the archiver's log has the words";
    return { hop, ok: false, what: `${what}; attempts fail with ${reasons}`, fix };
  }
  const isStuck = isStill(again, nowMs) && committed === first.committed;
  if (isStuck) return { hop, ok: false, what, fix: "look into the archiver's log: its store may be gone or full" };
  return { hop, ok: true, what };
}

function isSuspect(seen: Archiving, nowMs: number): boolean {
  return isStill(seen, nowMs) || isFailing(seen);
}

function isStill({ waiting, committed }: Archiving, nowMs: number): boolean {
  return waiting > 0 && (committed === undefined || nowMs / 1000 - committed > COMMIT_SECONDS_MOST);
}

/** Attempts have failed, and what they were to archive is late. */
function isFailing({ failures, lag }: Archiving): boolean {
  return lag > LAG_SECONDS_MOST && sum([...failures.values()]) > 0;
}

async function look(addresses: readonly string[]): Promise<Archiving> {
  const texts = new Map<string, string>();
  for (const address of addresses) {
    const { status, text } = await ask(address, "/metrics").catch((error: unknown) => {
      if (error instanceof WaywardError) throw error;
      throw new Error(`${address} does not tell its metrics`, { cause: error });
    });
    if (status !== 200) throw new Error(`${address} does not tell its metrics: ${text.trim()}`);
    texts.set(address, text);
  }
  return archivingOf(texts);
}
