/**
 * The other end of `live.ts`, on a thread of its own: sees blocks by the
 * product's Observe or by a core subscription, and tells when it saw which.
 */
import { parentPort, workerData } from "node:worker_threads";
import { parseEnvelope } from "@wayward/block";
import { openJetStreamBus } from "@wayward/bus";
import { sessionText } from "@wayward/record";
import { observeBlocks } from "@wayward/testing";

/** What the thread is told to do. */
export interface ObserverTask {
  /** `host:port` of the stream service. */
  readonly observe?: string;
  /** Or servers of the raw transport. */
  readonly listen?: string;
  readonly partitions: number;
}

/** When blocks were seen, by `session/seq`, in milliseconds of the monotonic clock. */
export type SeenTimes = ReadonlyMap<string, number>;

const task = workerData as ObserverTask;
const seen = new Map<string, number>();
const gaps: string[] = [];
/** What is seen is named when asked: naming it at once would delay what comes next. */
const blocks: { readonly at: number; readonly bytes: Uint8Array }[] = [];

function see(bytes: Uint8Array): void {
  blocks.push({ at: Number(process.hrtime.bigint()) / 1e6, bytes });
}

function observe(address: string): void {
  observeBlocks(address, {
    live: () => parentPort?.postMessage("live"),
    block: see,
    gap: ({ message }) => gaps.push(message),
    failed: (error) => parentPort?.postMessage(error),
  });
}

async function listen(servers: string): Promise<void> {
  const bus = await openJetStreamBus({ servers, partitions: task.partitions, maxBytes: 512 * 1024 ** 2 });
  for (let partition = 0; partition < task.partitions; partition++) {
    await bus.listen(partition, (_, body) => see(body));
  }
  parentPort?.postMessage("live");
}

parentPort?.on("message", () => {
  for (const { at, bytes } of blocks.splice(0)) {
    const { error, value } = { error: undefined, value: undefined, ...parseEnvelope(bytes) };
    if (error !== undefined || value === undefined) continue;
    const key = `${sessionText(value.header.session)}/${value.header.seq}`;
    if (!seen.has(key)) seen.set(key, at);
  }
  parentPort?.postMessage({ seen, gaps });
});
if (task.observe !== undefined) observe(task.observe);
if (task.listen !== undefined) await listen(task.listen);
