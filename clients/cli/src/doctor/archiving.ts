import { setTimeout as delay } from "node:timers/promises";
import { WaywardError } from "@wayward/base";
import { countText } from "../output/count.ts";
import { ask } from "./ask.ts";
import type { Finding } from "./finding.ts";
import { sum, valuesOf } from "./metrics.ts";

/** What the metrics of archivers say together. */
export interface Archiving {
  /** Partitions held, by who holds them. */
  readonly leases: ReadonlyMap<string, number>;
  /** Partitions of the bus; 0 where nobody tells. */
  readonly partitions: number;
  readonly waiting: number;
  /** Wall seconds; undefined before the first commit of those that run. */
  readonly committed: number | undefined;
}

/** Blocks that wait longer than an archiver gathers them, and longer than its metrics stand, wait for nothing good. */
const LOOK_AGAIN_MS = 25_000;
/** A commit may be as old where blocks wait: an archiver gathers for 10 s. */
const COMMIT_SECONDS_MOST = 60;

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
  for (const [address, text] of texts) {
    const held = valuesOf(text, "wayward_archive_leases");
    if (held.length > 0) leases.set(address, sum(held));
    const messages = valuesOf(text, "wayward_bus_messages");
    // Each process tells of the same bus.
    partitions = Math.max(partitions, messages.length);
    waiting = Math.max(waiting, sum(messages));
    const last = Math.max(...valuesOf(text, "wayward_archive_committed_at_seconds"));
    if (last > (committed ?? 0)) committed = last;
  }
  return { leases, partitions, waiting, committed };
}

/** What to say of two looks; the second may be the first. */
export function judge(
  hop: string,
  first: Archiving,
  { leases, partitions, waiting, committed }: Archiving,
  nowMs: number,
): Finding {
  const holders = [...leases].map(([address, count]) => `${address} holds ${count}`).join(", ");
  const age = committed === undefined ? "no commit yet" : `last commit ${Math.round(nowMs / 1000 - committed)} s ago`;
  const what = `of ${partitions} partitions ${holders || "nobody tells who holds any"}; ${age}, ${countText(waiting, "block")} ${waiting === 1 ? "waits" : "wait"}`;
  const held = sum([...leases.values()]);
  if (held < partitions) {
    const fix = "start an archive service, or name all that run in --metrics";
    return { hop, ok: false, what, fix };
  }
  const isStuck = isSuspect({ leases, partitions, waiting, committed }, nowMs) && committed === first.committed;
  if (isStuck) return { hop, ok: false, what, fix: "look into the archiver's log: its store may be gone or full" };
  return { hop, ok: true, what };
}

function isSuspect({ waiting, committed }: Archiving, nowMs: number): boolean {
  return waiting > 0 && (committed === undefined || nowMs / 1000 - committed > COMMIT_SECONDS_MOST);
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
