import { block as api } from "@wayward/api";
import { Spool } from "@wayward/collector";
import { newSessionId, sessionText } from "@wayward/record";
import { Agent } from "./agent.ts";
import { describeSession } from "./description.ts";
import { Pushing } from "./push/pushing.ts";
import { Recorder } from "./recorder.ts";
import { type AgentOptions, PUSHER, readSettings, type Settings } from "./settings.ts";
import type { Sink } from "./sink.ts";
import { tell } from "./tell.ts";
import { type Open, Writing } from "./writing.ts";

/**
 * An agent for this process. Never throws: where an option is wrong or the
 * spool cannot be written, one line says so and the agent records nothing.
 */
export function createAgent(options: AgentOptions, env: NodeJS.ProcessEnv): Agent {
  try {
    const settings = readSettings(options, env);
    if (settings.error === undefined) return recordingAgent(settings.value, env);
    tell(`${settings.error.message}; nothing is recorded`);
  } catch (error) {
    tell(`${error instanceof Error ? error.message : error}; nothing is recorded`);
  }
  return idleAgent();
}

function recordingAgent(settings: Settings, env: NodeJS.ProcessEnv): Agent {
  const { spool: root, quotaBytes, server, words } = settings;
  const writing = new Writing(opener(settings, env));
  const recorder = new Recorder(writing.opened, writing, words);
  const pushing = server === undefined ? undefined : startPushing({ root, server, quotaBytes });
  if (pushing !== undefined) env[PUSHER] = String(process.pid);
  return new Agent({ settings, recorder, writing, pushing });
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
  return new Agent({ settings, recorder, writing: undefined, pushing: undefined });
}
