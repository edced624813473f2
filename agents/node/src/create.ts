import { block as api } from "@wayward/api";
import { Spool } from "@wayward/collector";
import { newSessionId, sessionText } from "@wayward/record";
import { Agent, type AgentParts } from "./agent.ts";
import { Channels } from "./channels.ts";
import { Control } from "./control.ts";
import { describeSession } from "./description.ts";
import { remoteLevels } from "./levels.ts";
import { LockClasses } from "./lock-classes.ts";
import { remoteLocks } from "./lock-rules.ts";
import { Outside } from "./outside.ts";
import { Pushing } from "./push/pushing.ts";
import { Recorder } from "./recorder.ts";
import { type AgentOptions, PUSHER, readSettings, type Settings } from "./settings.ts";
import type { Sink } from "./sink.ts";
import { Sites } from "./sites.ts";
import { tell } from "./tell.ts";
import { type Open, Writing } from "./writing.ts";

/** An agent and, where `wayward run` has started it, what the program may add. */
export interface Created {
  readonly agent: Agent;
  readonly outside: Outside | undefined;
}

/**
 * An agent for this thread; `isOutside` where `wayward run` starts it. Never
 * throws: where an option is wrong or the spool cannot be written, one line
 * says so and the agent records nothing.
 */
export function createAgent(options: AgentOptions, env: NodeJS.ProcessEnv, isOutside = false): Created {
  try {
    const settings = readSettings(options, env);
    if (settings.error === undefined) return recordingAgent(settings.value, env, isOutside);
    tell(`${settings.error.message}; nothing is recorded`);
  } catch (error) {
    tell(`${error instanceof Error ? error.message : error}; nothing is recorded`);
  }
  return { agent: idleAgent(), outside: undefined };
}

function recordingAgent(settings: Settings, env: NodeJS.ProcessEnv, isOutside: boolean): Created {
  const { spool: root, quotaBytes, server, words } = settings;
  const writing = new Writing(opener(settings, env));
  const recorder = new Recorder(writing.opened, writing, words);
  const pushing = server === undefined ? undefined : startPushing({ root, server, quotaBytes });
  if (pushing !== undefined) env[PUSHER] = String(process.pid);
  const { sites, channels, lockClasses } = partsOf(settings, recorder);
  const to = () => ({ name: writing.opened.description.name, session: sessionText(recorder.writer.session) });
  const control = new Control(
    recorder,
    () => writing.opened.spool.control(),
    (value) => channels.follow(remoteLevels(value, to())),
    (value) => lockClasses.follow(remoteLocks(value, to())),
  );
  const outside = isOutside ? new Outside({ recorder, writing, sites, channels, lockClasses, control }) : undefined;
  if (!isOutside) recorder.begin();
  const agent = new Agent({ settings, recorder, sites, channels, lockClasses, writing, control, outside, pushing });
  outside?.aside(recorder.staged);
  return { agent, outside };
}

function partsOf(settings: Settings, recorder: Recorder): Pick<AgentParts, "sites" | "channels" | "lockClasses"> {
  const sites = new Sites(recorder, settings.sites);
  return {
    sites,
    channels: new Channels(recorder, sites),
    lockClasses: new LockClasses(recorder, settings.locks),
  };
}

/** Opens spools, and tells the processes below whose they are. */
function opener(settings: Settings, env: NodeJS.ProcessEnv): Open {
  const { spool: root, quotaBytes } = settings;
  // Kept where a spool cannot be opened, so that trying again makes no further folder.
  let session = newSessionId(Date.now());
  return (before) => {
    const description = describeSession(settings, before);
    const serialised = api.SessionDescription.encode(description).finish();
    const opened = { session, description, spool: new Spool({ root, session, description: serialised, quotaBytes }) };
    // Children are sessions of the same run below this one.
    env.WAYWARD_RUN = settings.run.toString("hex");
    env.WAYWARD_PARENT = sessionText(session);
    session = newSessionId(Date.now());
    return opened;
  };
}

/** Without a pusher of its own a program still writes its spool. */
function startPushing(job: ConstructorParameters<typeof Pushing>[0]): Pushing | undefined {
  try {
    return new Pushing(job);
  } catch (error) {
    tell(`the pusher to ${job.server} cannot start: ${error}; records stay in ${job.root}`);
    return undefined;
  }
}

const nowhere: Sink = { append: () => {} };

/** The same calls, and nothing comes of them. */
function idleAgent(): Agent {
  const read = readSettings({ spool: "none", name: "none", labels: {}, levels: "", locks: "" }, {});
  if (read.error !== undefined) throw read.error;
  const settings = { ...read.value, words: 1_024 };
  const session = newSessionId(Date.now());
  const recorder = new Recorder({ session, description: describeSession(settings) }, nowhere, settings.words);
  recorder.end("");
  return new Agent({
    settings,
    recorder,
    ...partsOf(settings, recorder),
    writing: undefined,
    control: undefined,
    outside: undefined,
    pushing: undefined,
  });
}
