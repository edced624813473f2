import { format } from "node:util";
import type { Agent } from "../agent.ts";

const METHODS = { debug: "debug", log: "info", info: "info", warn: "warn", error: "error", trace: "trace" } as const;

/** Records what the program says by `console`; what it prints stays as it is. */
export function recordConsole(agent: Agent): void {
  const channel = agent.channel("console");
  for (const [method, level] of Object.entries(METHODS) as [
    keyof typeof METHODS,
    (typeof METHODS)[keyof typeof METHODS],
  ][]) {
    const original = console[method];
    console[method] = (...args: unknown[]) => {
      channel[level]("{}", format(...args));
      original.apply(console, args);
    };
  }
}
