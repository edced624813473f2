import { type AccessSettings, explainCall, plainly, reach } from "@wayward/access";
import type { ingest } from "@wayward/api";
import { Code } from "@wayward/base";

export type Answer = NonNullable<ingest.PushResponse["event"]>;

/** One push stream to an ingest service. */
export interface Connection {
  /** Sends a serialised PushRequest; its bytes must not change until the server has answered it. */
  send(message: Buffer): void;
  /** Ends this side, and waits so long for the other. */
  close(withinMs?: number): void;
}

export interface ConnectionEvents {
  answer(event: Answer): void;
  /** The stream has ended, for whatever reason; `lasts` where the next try will end so too, until somebody does something. */
  closed(message: string, lasts: boolean): void;
}

/**
 * A server tells its credit at once. Where a host or a pod has gone without a
 * word nothing refuses the connection, and the system tries for minutes.
 */
const ANSWER_WITHIN_MS = 15_000;

/**
 * gRPC is loaded here, when first needed: an agent that only spools never
 * loads it. Key and certificates are read anew for each connection. Throws
 * BAD_ADDRESS, BAD_ACCESS.
 */
export async function openConnection(
  address: string,
  access: AccessSettings,
  events: ConnectionEvents,
  answerWithinMs = ANSWER_WITHIN_MS,
): Promise<Connection> {
  // It is CommonJS: where esbuild makes it a file of its own, that exports nothing but the default.
  const [{ default: grpc }, { ingest: api }] = await Promise.all([import("@grpc/grpc-js"), import("@wayward/api")]);
  const { target, credentials, options, metadata } = reach(grpc, address, access);
  const who = metadata();
  const client = new api.IngestServiceClient(target, credentials, {
    ...options,
    "grpc-node.flow_control_window": 1024 * 1024,
    "grpc.max_send_message_length": 1024 * 1024,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.enable_retries": 0,
    // Another stream comes to another server only by a connection of its own.
    "grpc.use_local_subchannel_pool": 1,
  });
  const { path, responseDeserialize } = api.IngestServiceService.push;
  const call = client.makeBidiStreamRequest(path, (message: Buffer) => message, responseDeserialize, who);
  let isMute = false;
  const mute = setTimeout(() => {
    isMute = true;
    call.cancel();
  }, answerWithinMs);
  call.on("data", ({ event }: ingest.PushResponse) => {
    clearTimeout(mute);
    if (event !== undefined) events.answer(event);
  });
  call.on("error", () => {});
  call.on("status", ({ details, code }) => {
    clearTimeout(mute);
    client.close();
    const wrong = explainCall(details, address, access);
    const said = isMute ? `no answer within ${answerWithinMs / 1000} s` : plainly(details);
    const message = wrong?.message ?? (said || `status ${code}`);
    events.closed(message, wrong !== undefined || isRefused(code) || message.includes("ECONNREFUSED"));
  });
  // Opens the stream, so that the server tells its credit.
  call.write(Buffer.alloc(0));
  return {
    send: (message) => void call.write(message),
    close: (withinMs = 1_000) => {
      call.end();
      setTimeout(() => call.cancel(), withinMs).unref();
    },
  };
}

/** The server answers, and does not let this key in. */
function isRefused(code: number): boolean {
  return code === Code.UNAUTHENTICATED || code === Code.PERMISSION_DENIED;
}
