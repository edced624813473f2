import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { selection, stream } from "@wayward/api";
import { newSessionId } from "@wayward/record";
import { connect } from "./connect.ts";

type Part = NonNullable<stream.ObserveResponse["part"]>;

const session = Buffer.from(newSessionId(1));

/** Events of the only lane. */
function rows(first: number, last: number): selection.RowBatch {
  const eventNos = Array.from({ length: last - first + 1 }, (_, at) => BigInt(first + at));
  return selection.RowBatch.fromPartial({
    sessions: [{ id: 1, session, description: { name: "s" } }],
    kinds: [{ id: 1, name: "note.text", fields: [] }],
    lanes: [{ id: 1, session: 1, lane: 7, name: "main", kind: "thread" }],
    rows: eventNos.map((eventNo) => ({ session: 1, lane: 1, kind: 1, eventNo })),
  });
}

const sends = (first: number, last: number): Part => ({ $case: "rows", value: rows(first, last) });
const gap: Part = { $case: "gap", value: selection.Gap.fromPartial({ session, firstSeq: 1n, lastSeq: 1n }) };
const fill = (first: number, last: number): Part => ({
  $case: "fill",
  value: { session, seq: 1n, rows: rows(first, last), blocks: undefined },
});

/** What a server that goes away after each of these says: at its begin the cursor that it was given, and none after it. */
const CALLS: readonly (readonly Part[])[] = [
  [sends(0, 4), gap, sends(10, 14)],
  // Gone before it has sent anything again.
  [],
  // Resumed at the cursor: once more, and what was missing has come.
  [sends(0, 4), sends(5, 9), sends(10, 14), gap, sends(20, 24), fill(15, 19)],
  [sends(0, 14), sends(15, 19), sends(20, 26)],
];

let server: Server;
let address: string;
let calls = 0;

beforeAll(async () => {
  server = new Server();
  server.addService(stream.StreamServiceService, {
    observe: (call: ServerWritableStream<stream.ObserveRequest, stream.ObserveResponse>) => {
      const parts = CALLS[calls++];
      if (parts === undefined) return call.end();
      call.write({ part: { $case: "live", value: {} }, cursor: Buffer.from("cursor") });
      for (const part of parts) call.write({ part, cursor: Buffer.alloc(0) });
      call.emit("error", { code: 14, details: "going away" });
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  address = `127.0.0.1:${port}`;
});
afterAll(() => server.forceShutdown());

test("a watch shows each record once, whatever gaps and reconnections there are", async () => {
  const client = connect({ server: address });
  const seen: number[] = [];
  for await (const next of client.watch({ start: "first" })) {
    if (next.type === "record") seen.push(Number(next.record.eventNo));
    if (next.type === "fill") seen.push(...next.records.map(({ eventNo }) => Number(eventNo)));
    if (seen.includes(26)) break;
  }
  client.close();
  const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at);
  expect(seen).toEqual([...range(0, 4), ...range(10, 14), ...range(5, 9), ...range(20, 24), ...range(15, 19), 25, 26]);
});
