/**
 * What `wayward run` has `node --import` load: starts the agent from the
 * environment and records what the program does, without a change to it.
 */
import { basename } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import { startOutside } from "../running.ts";
import { recordConsole } from "./console.ts";
import { recordFetch, recordHttpClient } from "./http-client.ts";
import { recordHttpServer } from "./http-server.ts";
import { recordCollections, recordCrashes, recordLateness } from "./runtime.ts";
import { UrlNames } from "./url-names.ts";

const program =
  process.env.WAYWARD_NAME ?? (basename(process.argv[1] ?? "node").replace(/\.[cm]?[jt]s$/, "") || "node");
// A worker thread is a session of its own, of the same run and below the program's.
const started = startOutside(isMainThread ? program : `${program}/worker-${threadId}`);
if (started !== undefined) {
  const { agent, outside } = started;
  const names = new UrlNames(process.env.WAYWARD_CAPTURE === "1");
  recordCrashes(agent);
  recordConsole(agent);
  recordHttpServer(agent, names);
  recordHttpClient(agent, names);
  recordFetch(agent, names);
  recordCollections(agent, outside);
  recordLateness(agent, outside);
}
