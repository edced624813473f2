import { Agent, type AgentOptions } from "./agent.ts";
import { endWithProcess } from "./exit.ts";

export type { Agent, AgentOptions, OpenZone } from "./agent.ts";
export type { Channel } from "./channel.ts";
export type { Held, Mutex, RwLock, Semaphore } from "./locks.ts";
export { formatTraceparent, parseTraceparent, type Trace } from "./trace.ts";

let running: Agent | undefined;

/** Starts this process's agent, or gives the one that runs; options count at the first call only. */
export function start(options: AgentOptions = {}): Agent {
  if (running === undefined) {
    running = new Agent(options, process.env);
    endWithProcess(running);
  }
  return running;
}
