import type { Agent } from "./agent.ts";
import { createAgent } from "./create.ts";
import { endWithProcess } from "./exit.ts";
import type { AgentOptions } from "./settings.ts";

export type { Threshold } from "@wayward/record";
export type { Agent, OpenZone } from "./agent.ts";
export type { JobId } from "./bare.ts";
export type { OwnLane } from "./bare-lane.ts";
export type { LockFacts } from "./bare-lock.ts";
export type { Channel } from "./channel.ts";
export type { Held, Mutex, RwLock, Semaphore } from "./locks.ts";
export type { AgentOptions } from "./settings.ts";
export type { DbFacts } from "./statement.ts";
export { formatTraceparent, parseTraceparent, type Trace } from "./trace.ts";

let running: Agent | undefined;

/**
 * Starts this process's agent, or gives the one that runs; options count at
 * the first call only. Never throws: where it cannot record, one line on
 * stderr says why, and the agent does nothing.
 */
export function start(options: AgentOptions = {}): Agent {
  if (running === undefined) {
    running = createAgent(options, process.env);
    if (running.recording) endWithProcess(running);
  }
  return running;
}
