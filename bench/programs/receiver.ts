/** Takes OTLP/gRPC and counts spans and logs; says its port, then the counts when asked. */
import { peer } from "../peers.ts";

type Call = { readonly request: Buffer };
type Answer = (error: null, response: Buffer) => void;
interface Grpc {
  readonly Server: new (
    options: object,
  ) => {
    addService(definition: object, implementation: Record<string, (call: Call, answer: Answer) => void>): void;
    bindAsync(address: string, credentials: object, done: (error: Error | null, port: number) => void): void;
  };
  readonly ServerCredentials: { createInsecure(): object };
}

const { default: grpc } = await peer<{ default: Grpc }>("@grpc/grpc-js");
const counts = { spans: 0, logs: 0 };

/** Field of a message of the path resource → scope → item: resource_spans 1, scope_spans 2, spans 2; logs alike. */
const PATH = [1, 2, 2] as const;

/** How many fields at the path's end; the rest is skipped. All of their wire types here are 0, 1, 2 and 5. */
function countItems(bytes: Buffer, depth = 0): number {
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++]!;
    const wire = tag & 7;
    if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else {
      let length = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]!;
        length += (byte & 127) * 2 ** shift;
        if (byte < 128) break;
      }
      if (wire === 0) continue;
      if (tag >> 3 === PATH[depth]) {
        count += depth === PATH.length - 1 ? 1 : countItems(bytes.subarray(at, at + length), depth + 1);
      }
      at += length;
    }
  }
  return count;
}

const raw = (bytes: Buffer) => bytes;
const definition = (path: string) => ({
  Export: {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
});
const take =
  (what: keyof typeof counts) =>
  ({ request }: Call, answer: Answer): void => {
    counts[what] += countItems(request);
    answer(null, Buffer.alloc(0));
  };

const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
const collector = "/opentelemetry.proto.collector";
server.addService(definition(`${collector}.trace.v1.TraceService/Export`), { Export: take("spans") });
server.addService(definition(`${collector}.logs.v1.LogsService/Export`), { Export: take("logs") });
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.on("message", () => process.send?.(counts));
  process.once("disconnect", () => process.exit());
  process.send?.(port);
});
