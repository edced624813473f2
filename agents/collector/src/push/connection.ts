import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { ingest } from "@wayward/api";

export type Answer = NonNullable<ingest.PushResponse["event"]>;

/** One push stream to an ingest service. */
export interface Connection {
  /** Sends a block; the bytes must not change. */
  send(block: Uint8Array): void;
  /** Ends this side, and waits so long for the other. */
  close(withinMs?: number): void;
}

export interface ConnectionEvents {
  answer(event: Answer): void;
  /** The stream has ended, for whatever reason. */
  closed(message: string): void;
}

/** gRPC is loaded here, when first needed: an agent that only spools never loads it. */
export async function openConnection(address: string, events: ConnectionEvents): Promise<Connection> {
  // It is CommonJS: where esbuild makes it a file of its own, that exports nothing but the default.
  const [{ default: grpc }, { ingest: api }] = await Promise.all([import("@grpc/grpc-js"), import("@wayward/api")]);
  const client = new api.IngestServiceClient(address, grpc.credentials.createInsecure(), {
    "grpc-node.flow_control_window": 1024 * 1024,
    "grpc.max_send_message_length": 1024 * 1024,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.enable_retries": 0,
    // Another stream comes to another server only by a connection of its own.
    "grpc.use_local_subchannel_pool": 1,
  });
  const call: ClientDuplexStream<ingest.PushRequest, ingest.PushResponse> = client.push();
  call.on("data", ({ event }: ingest.PushResponse) => event !== undefined && events.answer(event));
  call.on("error", () => {});
  call.on("status", ({ details, code }) => {
    client.close();
    events.closed(plainly(details) || `status ${code}`);
  });
  // Opens the stream, so that the server tells its credit.
  call.write({ block: Buffer.alloc(0), sent: 0n });
  return {
    send: (block) =>
      void call.write({
        block: Buffer.from(block.buffer, block.byteOffset, block.byteLength),
        sent: process.hrtime.bigint(),
      }),
    close: (withinMs = 1_000) => {
      call.end();
      setTimeout(() => call.cancel(), withinMs).unref();
    },
  };
}

/** Of gRPC's sentences about a connection the system's one, where it is there. */
function plainly(details: string): string {
  return /Last error: (?:Error: )?(.+?)\.? Resolution note:/.exec(details)?.[1] ?? details;
}
