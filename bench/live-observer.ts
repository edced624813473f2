/**
 * The other end of `live.ts`, on a thread of its own: sees blocks by the
 * product's Observe or by a core subscription, and tells when it saw which.
 */
import { parentPort, workerData } from "node:worker_threads";
import { credentials } from "@grpc/grpc-js";
import { selection, stream } from "@wayward/api";
import { parseEnvelope } from "@wayward/block";
import { openJetStreamBus } from "@wayward/bus";
import { sessionText } from "@wayward/record";

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
const counts = new Map<string, number>();
/** What is seen is named when asked: naming it at once would delay what comes next. */
const blocks: { readonly at: number; readonly bytes: Uint8Array }[] = [];

function see(bytes: Uint8Array): void {
  blocks.push({ at: Number(process.hrtime.bigint()) / 1e6, bytes });
}

function observe(address: string): void {
  const client = new stream.StreamServiceClient(address, credentials.createInsecure(), {
    "grpc-node.flow_control_window": 8 * 1024 * 1024,
    "grpc.max_receive_message_length": -1,
  });
  const call = client.observe(stream.ObserveRequest.fromPartial({ form: selection.Form.FORM_BLOCKS }));
  call.on("data", ({ part }: stream.ObserveResponse) => {
    if (part?.$case === "blocks") for (const { block } of part.value.blocks) see(block);
    else if (part?.$case === "fill") for (const { block } of part.value.blocks?.blocks ?? []) see(block);
    else if (part?.$case === "live") parentPort?.postMessage("live");
    if (part !== undefined) counts.set(part.$case, (counts.get(part.$case) ?? 0) + 1);
  });
  call.on("error", (error) => parentPort?.postMessage(error));
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
  parentPort?.postMessage({ seen, counts });
});
if (task.observe !== undefined) observe(task.observe);
if (task.listen !== undefined) await listen(task.listen);
