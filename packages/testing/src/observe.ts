import { credentials } from "@grpc/grpc-js";
import { selection, stream } from "@wayward/api";

/** What an observer of blocks hears. */
export interface ObserveListener {
  /** Everything up to now was shown. */
  live(): void;
  /** A serialised Block. */
  block(bytes: Buffer): void;
  gap(gap: selection.Gap): void;
  failed(error: Error): void;
}

/** Observes all blocks from now on, as they were written. Tells how to end it. */
export function observeBlocks(address: string, listener: ObserveListener): () => void {
  const client = new stream.StreamServiceClient(address, credentials.createInsecure(), {
    "grpc-node.flow_control_window": 8 * 1024 * 1024,
    "grpc.max_receive_message_length": -1,
  });
  const call = client.observe(stream.ObserveRequest.fromPartial({ form: selection.Form.FORM_BLOCKS }));
  call.on("data", ({ part }: stream.ObserveResponse) => {
    if (part?.$case === "blocks") for (const { block } of part.value.blocks) listener.block(block);
    else if (part?.$case === "fill") for (const { block } of part.value.blocks?.blocks ?? []) listener.block(block);
    else if (part?.$case === "live") listener.live();
    else if (part?.$case === "gap") listener.gap(part.value);
  });
  call.on("error", (error: Error) => listener.failed(error));
  return () => {
    call.cancel();
    client.close();
  };
}
