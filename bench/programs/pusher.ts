/** A thread that pushes every spool below a folder. */
import { workerData } from "node:worker_threads";
import { collect } from "@wayward/collector";

const { root, address } = workerData as { readonly root: string; readonly address: string };
await collect({
  root,
  address,
  signal: new AbortController().signal,
  tell: (message) => process.stderr.write(`pusher: ${message}\n`),
});
