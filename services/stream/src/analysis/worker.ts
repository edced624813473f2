/** Analyses running sessions in a thread of its own, all partitions that this process has the lease of. */
import { getPriority, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { selection } from "@wayward/api";
import { present, WaywardError } from "@wayward/base";
import { type AnalystListener, PartitionAnalyst } from "./analyst.ts";
import type { FromAnalyst, ToAnalyst } from "./messages.ts";

const TICK_MS = 1_000;
/** What matters to others is told at most so often. */
const SHARED_MS = 100;
/** Below what passes blocks on, here and in other processes: a finding may come later, a block must not. */
const NICE = 10;

interface Run {
  readonly analyst: PartitionAnalyst;
  readonly timers: readonly NodeJS.Timeout[];
}

const port = present(parentPort, "a thread has a port");
const runs = new Map<number, Run>();
const tell = (message: FromAnalyst) => port.postMessage(message);

const listener: AnalystListener = {
  found: (finding) => tell({ type: "found", finding }),
  shared: (body) => tell({ type: "shared", body }),
  warned: (message, facts) => tell({ type: "warned", message, facts }),
};

// Linux counts it by thread; elsewhere it would slow down the whole process. Nobody may go up from where the process was put.
if (process.platform === "linux") setPriority(Math.max(NICE, getPriority()));

port.on("message", (message: ToAnalyst) => {
  const { run } = message;
  if (message.type === "open") open(run, message.longWaitMs);
  else if (message.type === "close") close(run);
  else
    attempt(run, ({ analyst }) => {
      analyst.take(selection.BlockBatch.decode(message.bytes));
      tell({ type: "taken", run, bytes: message.bytes.length });
    });
});

function open(run: number, longWaitMs: number | undefined): void {
  const every = (ms: number, work: (analyst: PartitionAnalyst) => void) =>
    setInterval(() => attempt(run, ({ analyst }) => work(analyst)), ms);
  const timers = [
    every(Math.min(TICK_MS, longWaitMs ?? TICK_MS), (analyst) => analyst.tick()),
    every(SHARED_MS, (analyst) => analyst.tellShared()),
  ];
  runs.set(run, { analyst: new PartitionAnalyst(listener, longWaitMs), timers });
}

function close(run: number): void {
  for (const timer of runs.get(run)?.timers ?? []) clearInterval(timer);
  runs.delete(run);
}

/** What fails ends its run, and no other. */
function attempt(run: number, work: (run: Run) => void): void {
  const found = runs.get(run);
  if (found === undefined) return;
  try {
    work(found);
  } catch (error) {
    close(run);
    const { code, reason, message } = WaywardError.from(error);
    tell({ type: "failed", run, error: { code, reason, message } });
  }
}
