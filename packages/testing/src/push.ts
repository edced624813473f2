import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { ingest } from "@wayward/api";

/** What ingest answered to one block. */
export interface PushAnswer {
  readonly accepted: boolean;
  /** `ack`, or the reason and what was said. */
  readonly text: string;
}

/** One push stream of blocks made by hand; tells the answer to each, in order. */
export class PushStream {
  readonly #client: ingest.IngestServiceClient;
  readonly #call: ClientDuplexStream<ingest.PushRequest, ingest.PushResponse>;
  readonly #waiting: ((answer: PushAnswer) => void)[] = [];
  acks = 0;

  constructor(address: string) {
    this.#client = new ingest.IngestServiceClient(address, credentials.createInsecure(), {
      "grpc-node.flow_control_window": 8 * 1024 * 1024,
      "grpc.max_send_message_length": -1,
    });
    this.#call = this.#client.push();
    this.#call.on("data", ({ event }: ingest.PushResponse) => {
      if (event?.$case === "ack") this.#tell("ack", true);
      else if (event?.$case === "refused") this.#tell(`${reasonName(event.value.reason)}: ${event.value.message}`);
      else if (event?.$case === "retry") this.#tell(`RETRY: ${event.value.message}`);
    });
    this.#call.on("error", (error: Error) => this.#tell(`stream ended: ${error.message}`));
  }

  push(block: Uint8Array): Promise<PushAnswer> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#call.write({ block: Buffer.from(block.buffer, block.byteOffset, block.byteLength), sent: 0n });
    });
  }

  close(): void {
    this.#call.end();
    this.#client.close();
  }

  #tell(text: string, accepted = false): void {
    if (accepted) this.acks++;
    this.#waiting.shift()?.({ accepted, text });
  }
}

/** The proto's name without its prefix. */
function reasonName(reason: ingest.Reason): string {
  const name = Object.entries(ingest.Reason).find(([, number]) => number === reason)?.[0];
  return name?.slice("REASON_".length) ?? String(reason);
}
