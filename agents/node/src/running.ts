import { VERSION } from "@wayward/base";
import type { Agent } from "./agent.ts";
import { type Created, createAgent } from "./create.ts";
import { endWithProcess } from "./exit.ts";
import type { AgentOptions } from "./settings.ts";
import { tell } from "./tell.ts";

/**
 * This thread's agents by version, for all copies of this package that it
 * loads: `wayward run` loads a bundle, the program and its packages what they
 * have installed. Every version keeps to this one shape; what stands in it
 * only an equal version understands.
 */
const RUNNING = Symbol.for("wayward.agents");

function runningHere(): Map<string, Created> {
  const here = globalThis as { [RUNNING]?: Map<string, Created> };
  here[RUNNING] ??= new Map();
  return here[RUNNING];
}

/**
 * Starts this thread's agent, or gives the one that runs; options count at
 * the first call only. Where `wayward run` has started it the first call
 * joins it. Never throws: where it cannot record, one line on stderr says
 * why, and the agent does nothing.
 */
export function start(options: AgentOptions = {}): Agent {
  const known = runningHere().get(VERSION);
  if (known === undefined) return begin(options, false).agent;
  const { agent, outside } = known;
  try {
    outside?.join(options, process.env);
  } catch (error) {
    tell(`${error instanceof Error ? error.message : error}; not all that start() says is used`);
  }
  // Its session is known from here on, and has its name.
  if (outside?.holdsBack) agent.flush();
  return agent;
}

/** Starts this thread's agent for `wayward run`; undefined where one of this version runs already. */
export function startOutside(name: string): Created | undefined {
  return runningHere().has(VERSION) ? undefined : begin({ name }, true);
}

function begin(options: AgentOptions, isOutside: boolean): Created {
  const running = runningHere();
  const others = [...running.keys()].join(" and ");
  if (others !== "") {
    tell(`agent ${VERSION} cannot join agent ${others}, which records here already: two sessions; install one version`);
  }
  const created = createAgent(options, process.env, isOutside);
  running.set(VERSION, created);
  if (created.agent.recording) endWithProcess(created.agent);
  return created;
}
