/**
 * The pusher's thread: takes blocks from the spool to the server. It shares
 * nothing with the program but the spool folder and one word that says
 * whether the server can be reached.
 */
import { parentPort, workerData } from "node:worker_threads";
import { collect } from "@wayward/collector";
import { type PushJob, SERVER } from "./job.ts";

const { root, server, quotaBytes, state } = workerData as PushJob;
const view = new Int32Array(state);

void collect({
  root,
  address: server,
  quotaBytes,
  own: true,
  signal: new AbortController().signal,
  tell: (message) => parentPort?.postMessage(message),
  onServer: (now) => {
    Atomics.store(view, 0, SERVER[now]);
    Atomics.notify(view, 0);
  },
});
