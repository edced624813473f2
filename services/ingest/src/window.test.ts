import { mkdtempSync, rmSync } from "node:fs";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { block as blockApi, ingest } from "@wayward/api";
import { BlockWriter, Stage } from "@wayward/block";
import { type Bus, openEmbeddedBus } from "@wayward/bus";
import { newSessionId, noteText } from "@wayward/record";
import { createLog, createMetrics, type Serving, serve } from "@wayward/service-kit";
import { startIngest } from "./start.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const folder = mkdtempSync(join(tmpdir(), "wayward-window-"));
const log = createLog("error");
let bus: Bus;
let serving: Serving;

beforeAll(async () => {
  bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: 1 });
  const metrics = createMetrics();
  serving = await serve({
    host: "127.0.0.1",
    port: 0,
    httpPort: 0,
    parts: [startIngest({ bus, log, metrics })],
    log,
    metrics,
  });
});
afterAll(async () => {
  await serving.stop();
  await bus.close();
  rmSync(folder, { recursive: true });
});

function sampleBlock(): Buffer {
  const description = blockApi.SessionDescription.fromPartial({ name: "window" });
  const writer = new BlockWriter({ session: newSessionId(Date.now()), description });
  const stage = new Stage();
  stage.add(writer.dictionary.kind(noteText), noteText, { lane: 1, time: 1n }, ["note"]);
  return writer.write(stage)[0]!.bytes;
}

/** A connection with one push stream, by hand: what a client may send at once is the server's receive window. */
class Connection {
  readonly #session = http2.connect(`http://${serving.address}`);
  readonly #stream = this.#session.request({
    ":method": "POST",
    ":path": "/wayward.ingest.v1.IngestService/Push",
    "content-type": "application/grpc",
    te: "trailers",
  });

  constructor() {
    this.#stream.resume();
    this.#stream.on("error", () => {});
    this.#session.on("error", () => {});
  }

  push(block: Uint8Array): void {
    const message = ingest.PushRequest.encode({ block: Buffer.from(block), sent: 1n }).finish();
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    this.#stream.write(Buffer.concat([head, message]));
  }

  get window(): number {
    return this.#session.state.remoteWindowSize ?? 0;
  }

  async until(holds: (window: number) => boolean): Promise<void> {
    for (let tries = 0; tries < 300 && !holds(this.window); tries++) await new Promise((r) => setTimeout(r, 10));
    expect({ window: this.window, holds: holds(this.window) }).toMatchObject({ holds: true });
  }

  close(): void {
    this.#session.destroy();
  }
}

test("a connection may send 64 KiB until its first valid block, then its share of 128 MiB", async () => {
  const first = new Connection();
  first.push(Buffer.from("this is no block"));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(first.window).toBeLessThanOrEqual(64 * KIB);
  first.push(sampleBlock());
  await first.until((window) => window > 7 * MIB && window <= 8 * MIB);
  const others = Array.from({ length: 31 }, () => new Connection());
  for (const other of others) other.push(sampleBlock());
  for (const other of others) await other.until((window) => window > 3 * MIB);
  // The last to come finds 32 connections: 4 MiB each.
  expect(others.at(-1)!.window).toBeLessThanOrEqual(4 * MIB + 64 * KIB);
  for (const connection of [first, ...others]) connection.close();
});
