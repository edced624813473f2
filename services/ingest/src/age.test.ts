import { randomUUID } from "node:crypto";
import net from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, parseEnvelope, Stage } from "@wayward/block";
import { type Bus, openEmbeddedBus } from "@wayward/bus";
import { Pusher, Spool } from "@wayward/collector";
import { newSessionId, noteText, sessionText } from "@wayward/record";
import { createLog, createMetrics, type Serving, serve } from "@wayward/service-kit";
import { type TempFolder, tempFolder, until } from "@wayward/testing";
import { startIngest } from "./start.ts";

const AGE_MS = 200;
const log = createLog("error");
let folder: TempFolder;
let bus: Bus;
let serving: Serving;

beforeAll(async () => {
  folder = await tempFolder("ingest-age");
  bus = openEmbeddedBus({ path: `${folder.path}/bus`, partitions: 1 });
  const metrics = createMetrics();
  const parts = [startIngest({ bus, log, metrics, pushAgeMs: AGE_MS })];
  serving = await serve({ host: "127.0.0.1", port: 0, httpPort: 0, parts, log, metrics });
});
afterAll(async () => {
  await serving.stop();
  await bus.close();
  await folder.remove();
});

/** What stands between pushers and ingest, as a Service does: it counts the connections. */
async function door(): Promise<{ readonly address: string; readonly connections: () => number; close(): void }> {
  const [host, port] = serving.address.split(":");
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    const onward = net.connect(Number(port), host);
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return { address, connections: () => connections, close: () => server.close() };
}

test("a pusher whose stream is old comes again by another connection, sends nothing twice, and nobody is told", async () => {
  const entry = await door();
  const session = newSessionId(Date.now());
  const description = api.SessionDescription.fromPartial({ name: randomUUID() });
  const writer = new BlockWriter({ session, description });
  const root = `${folder.path}/spool`;
  const spool = new Spool({ root, session, description: api.SessionDescription.encode(description).finish() });
  const told: string[] = [];
  const pusher = new Pusher({
    root,
    address: entry.address,
    tell: (message) => told.push(message),
    onServer: (state) => state === "unreachable" && told.push(state),
  });
  const stage = new Stage();
  let sent = 0n;
  while (entry.connections() < 6) {
    stage.clear();
    stage.add(writer.dictionary.kind(noteText), noteText, { lane: 1, time: sent }, ["note"]);
    for (const { seq, bytes } of writer.write(stage)) spool.append(seq, bytes);
    sent++;
    await pusher.scan(sessionText(session));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until("all to be accepted", () => pusher.isDrained, { everyMs: 20 });
  expect(told).toEqual([]);
  await pusher.close();
  spool.close();
  entry.close();
  const stop = new AbortController();
  const { last } = await bus.bounds(0);
  const stored: bigint[] = [];
  for await (const { body, busSeq } of bus.read(0, 1n, stop.signal)) {
    stored.push(unwrap(parseEnvelope(body)).header.seq);
    if (busSeq === last) break;
  }
  expect(stored).toEqual(Array.from({ length: Number(sent) }, (_, seq) => BigInt(seq)));
}, 60_000);
