import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { bearerOf, HEADER, makeKey } from "@wayward/access";
import { stream } from "@wayward/api";
import { Client } from "./connect.ts";

type Call = ServerWritableStream<stream.ObserveRequest, stream.ObserveResponse>;

const folder = mkdtempSync(join(tmpdir(), "wayward-watch-key-"));
const keyFile = join(folder, "key");
/** The key that is let in. */
let good = makeKey();
let server: Server;
let address: string;
let open: Call | undefined;

function refuse(call: Call): void {
  call.emit("error", { code: 16, details: "the key is not known here" });
}

beforeAll(async () => {
  server = new Server();
  server.addService(stream.StreamServiceService, {
    observe: (call: Call) => {
      if (call.metadata.get(HEADER)[0] !== bearerOf(good)) return refuse(call);
      open = call;
      call.write({ part: { $case: "live", value: {} }, cursor: Buffer.from("cursor") });
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  address = `127.0.0.1:${port}`;
});
afterAll(() => {
  server.forceShutdown();
  rmSync(folder, { recursive: true });
});

test("a watch goes on with the key that its file has by now, and ends where that is no other", async () => {
  writeFileSync(keyFile, good);
  const client = new Client(address, address, address, { keyFile });
  let calls = 0;
  const watching = (async () => {
    for await (const { type } of client.watch()) {
      if (type !== "live") continue;
      calls++;
      good = makeKey();
      // The second key is refused with nothing in its place.
      if (calls === 1) writeFileSync(keyFile, good);
      refuse(open!);
    }
  })();
  await expect(watching).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  client.close();
  expect(calls).toBe(2);
});
