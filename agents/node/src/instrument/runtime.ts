import { constants, PerformanceObserver } from "node:perf_hooks";
import { defineKind, f, gcEnd } from "@wayward/record";
import type { Agent } from "../agent.ts";
import type { Outside } from "../outside.ts";
import { type Lateness, LatenessWindow } from "./lateness.ts";

const EVERY_MS = 1_000;
/** How exactly lateness is measured, in milliseconds. */
const TICK_MS = 20;

/** How late the event loop was over a second. */
const eventLoopLateness = defineKind("event-loop.lateness", [
  f.duration("p99", { role: "measure" }),
  f.duration("max", { role: "measure" }),
]);

/** How late the event loop is, every second and at the end. A timer of ours: Node's own histogram loses the stall in which it is read. */
export function recordLateness(agent: Agent, outside: Outside | undefined): void {
  const { record } = agent.kind(eventLoopLateness);
  const window = new LatenessWindow(TICK_MS, EVERY_MS, performance.now());
  const say = ({ p99, max }: Lateness) => {
    record({ p99: Math.round(p99 * 1e6), max: Math.round(max * 1e6) });
    outside?.aside(1);
  };
  setInterval(() => {
    const told = window.tick(performance.now());
    if (told !== undefined) say(told);
  }, TICK_MS).unref();
  // Before the agent's own listener, which ends the session.
  process.prependListener("exit", () => say(window.rest(performance.now())));
}

/** Pauses of the garbage collector, told after they happened. Like lateness they say nothing of what the program does. */
export function recordCollections(agent: Agent, outside: Outside | undefined): void {
  const { record } = agent.kind(gcEnd);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as unknown as { readonly detail?: { readonly kind?: number } };
      record({ phase: phaseOf(detail?.kind), pause: Math.round(entry.duration * 1e6) });
      outside?.aside(1);
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
