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
  const session = newSessionId(Date.now());
  const description = describeSession(settings);
  const { spool: root, quotaBytes, server, words } = settings;
  const serialised = api.SessionDescription.encode(description).finish();
  const spool = new Spool({ root, session, description: serialised, quotaBytes });
  const recorder = new Recorder({ session, description }, spool, words);
  // Children are sessions of the same run below this one.
  env.WAYWARD_RUN = settings.run.toString("hex");
  env.WAYWARD_PARENT = sessionText(session);
  const pushing = server === undefined ? undefined : startPushing({ root, server, quotaBytes });
  if (pushing !== undefined) env[PUSHER] = String(process.pid);
  return new Agent({ session, settings, recorder, spool, pushing });
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
  return new Agent({ session, settings, recorder, spool: undefined, pushing: undefined });
}
