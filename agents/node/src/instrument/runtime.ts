import { constants, monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { gcEnd } from "@wayward/record";
import type { Agent } from "../agent.ts";

const EVERY_MS = 1_000;
/** How exactly lateness is measured, in milliseconds. */
const RESOLUTION_MS = 20;

/** How late the event loop is: the 99th percentile of each second, in nanoseconds. */
export function recordLateness(agent: Agent): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  setInterval(() => {
    agent.counter("event loop delay p99", delay.percentile(99));
    delay.reset();
  }, EVERY_MS).unref();
}

/** Pauses of the garbage collector, told after they happened. */
export function recordCollections(agent: Agent): void {
  const { record } = agent.kind(gcEnd);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as unknown as { readonly detail?: { readonly kind?: number } };
      record({ phase: phaseOf(detail?.kind), pause: Math.round(entry.duration * 1e6) });
    }
  });
  observer.observe({ entryTypes: ["gc"] });
}

function phaseOf(kind: number | undefined): string {
  if (kind === constants.NODE_PERFORMANCE_GC_MINOR) return "minor";
  if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) return "major";
  if (kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) return "incremental";
  return kind === constants.NODE_PERFORMANCE_GC_WEAKCB ? "weak" : "other";
}

/** Errors that end the program. */
export function recordCrashes(agent: Agent): void {
  const channel = agent.channel("process");
  process.on("uncaughtExceptionMonitor", (error, origin) => {
    channel.fatal("{}: {}", origin, error instanceof Error ? (error.stack ?? error.message) : String(error));
  });
}
