import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { archive, block as blockApi, ingest } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, LIMITS, parseEnvelope, Stage, sealEnvelope } from "@wayward/block";
import { type Bus, openEmbeddedBus, partitionOf } from "@wayward/bus";
import { newSessionId, noteText, sessionText } from "@wayward/record";
import { createLog, createMetrics, type Serving, serve } from "@wayward/service-kit";
import { acceptedChannel } from "./announce.ts";
import { startIngest } from "./start.ts";

const { Reason } = ingest;

function sampleBlocks(count: number, name = "sample") {
  const session = newSessionId(Date.now());
  const writer = new BlockWriter({ session, description: blockApi.SessionDescription.fromPartial({ name }) });
  const stage = new Stage();
  const blocks = Array.from({ length: count }, (_, index) => {
    stage.clear();
    stage.add(writer.dictionary.kind(noteText), noteText, { lane: 1, time: BigInt(index) }, [`note ${index}`]);
    return writer.write(stage)[0]!.bytes;
  });
  return { session, blocks };
}

class Pusher {
  readonly answers: NonNullable<ingest.PushResponse["event"]>[] = [];
  readonly #client: ingest.IngestServiceClient;
  readonly #call: ClientDuplexStream<ingest.PushRequest, ingest.PushResponse>;
  readonly ended: Promise<unknown>;

  constructor(address: string) {
    this.#client = new ingest.IngestServiceClient(address, credentials.createInsecure());
    this.#call = this.#client.push();
    this.#call.on("data", ({ event }) => event !== undefined && this.answers.push(event));
    this.#call.on("error", () => {});
    this.ended = new Promise((resolve) => this.#call.on("status", resolve));
  }

  push(block: Uint8Array): void {
    this.#call.write({ block: Buffer.from(block), sent: 5n });
  }

  /** Waits for so many answers of this case. */
  async wait<C extends NonNullable<ingest.PushResponse["event"]>["$case"]>(kind: C, count = 1) {
    const found = () => this.answers.filter((answer) => answer.$case === kind);
    for (let tries = 0; tries < 500 && found().length < count; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(found()).toHaveLength(count);
    return found().map(({ value }) => value) as Extract<
      NonNullable<ingest.PushResponse["event"]>,
      { $case: C }
    >["value"][];
  }

  close(): void {
    this.#call.end();
    this.#client.close();
  }
}

describe("a push", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-ingest-"));
  const log = createLog("error");
  let bus: Bus;
  let serving: Serving;
  beforeAll(async () => {
    bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: 2 });
    const metrics = createMetrics();
    const parts = [startIngest({ bus, log, metrics })];
    serving = await serve({ host: "127.0.0.1", port: 0, httpPort: 0, parts, log, metrics });
  });
  afterAll(async () => {
    await serving.stop();
    await bus.close();
    rmSync(folder, { recursive: true });
  });

  test("is acknowledged with its place on the bus, stored byte for byte, and announced", async () => {
    const { session, blocks } = sampleBlocks(20);
    const partition = partitionOf(session, 2);
    const announced: archive.AcceptedBlock[] = [];
    const hearing = await bus.hear(acceptedChannel(partition), (body) =>
      announced.push(...archive.Accepted.decode(body).blocks),
    );
    const pusher = new Pusher(serving.address);
    for (const block of blocks) pusher.push(block);
    const acks = await pusher.wait("ack", 20);
    expect(acks.map(({ seq }) => seq)).toEqual(blocks.map((_, index) => BigInt(index)));
    expect(acks[0]).toMatchObject({ partition, incarnation: bus.incarnation(partition), pushed: 5n });
    const stop = new AbortController();
    const stored: Uint8Array[] = [];
    for await (const { body, address } of bus.read(partition, acks[0]!.busSeq, stop.signal)) {
      expect(address).toEqual({ tenant: "default", session: sessionText(session) });
      stored.push(body);
      if (stored.length === 20) break;
    }
    expect(Buffer.compare(Buffer.concat(stored), Buffer.concat(blocks))).toBe(0);
    expect(announced.map(({ busSeq, seq }) => [busSeq, seq])).toEqual(acks.map(({ busSeq, seq }) => [busSeq, seq]));
    await hearing.close();
    pusher.close();
  });

  test.each<[string, (good: Buffer) => Uint8Array, ingest.Reason]>([
    ["garbage", () => Buffer.from("this is no block"), Reason.REASON_BAD_HEADER],
    ["a cut block", (good) => good.subarray(0, good.length - 9), Reason.REASON_BAD_HEADER],
    ["a flipped bit", flipped, Reason.REASON_BAD_CRC],
    ["too many bytes", () => Buffer.alloc(LIMITS.blockBytes + 1, 10), Reason.REASON_TOO_LARGE],
    ["another version", (good) => withHeader(good, { format: 9 }), Reason.REASON_UNKNOWN_VERSION],
    ["a bomb", (good) => withHeader(good, { unpackedLength: 2 ** 31 }), Reason.REASON_TOO_LARGE],
    ["a name of 10 kB", () => sampleBlocks(1, "n".repeat(10_000)).blocks[0]!, Reason.REASON_BAD_HEADER],
    ["a name with control characters", () => sampleBlocks(1, "a\u0007b").blocks[0]!, Reason.REASON_BAD_HEADER],
  ])("of %s is refused with a reason, and the stream and others go on", async (_, make, reason) => {
    const { blocks } = sampleBlocks(2);
    const [bad, other] = [new Pusher(serving.address), new Pusher(serving.address)];
    other.push(blocks[0]!);
    bad.push(make(sampleBlocks(1).blocks[0]!));
    const [refused] = await bad.wait("refused");
    expect(refused!.reason).toBe(reason);
    expect(refused!.message.length).toBeGreaterThan(10);
    other.push(blocks[1]!);
    await other.wait("ack", 2);
    bad.push(sampleBlocks(1).blocks[0]!);
    await bad.wait("ack");
    bad.close();
    other.close();
  });

  test("hears what the archive has, and of deletion", async () => {
    const { session, blocks } = sampleBlocks(2);
    const pusher = new Pusher(serving.address);
    pusher.push(blocks[0]!);
    await pusher.wait("ack");
    const watermark = { session: Buffer.from(session), partition: 0, incarnation: "i", busSeq: 9n };
    const topic = `watermark/${sessionText(session)}`;
    const value = { ...watermark, ranges: [{ first: 0n, last: 0n }], deleted: false };
    await bus.topics.set(topic, archive.Watermark.encode(value).finish());
    const [archived] = await pusher.wait("archived");
    expect(archived).toMatchObject({ committedBusSeq: 9n, ranges: [{ first: 0n, last: 0n }] });
    await bus.topics.set(topic, archive.Watermark.encode({ ...value, deleted: true }).finish());
    await pusher.wait("archived", 2);
    pusher.push(blocks[1]!);
    expect((await pusher.wait("refused"))[0]!.reason).toBe(Reason.REASON_DELETED);
    pusher.close();
  });
});

function flipped(good: Buffer): Buffer {
  const bytes = Buffer.from(good);
  bytes[bytes.length - 20]! ^= 4;
  return bytes;
}

function withHeader(good: Buffer, fields: Partial<blockApi.BlockHeader>): Buffer {
  const { header, payload } = unwrap(parseEnvelope(good));
  return sealEnvelope(blockApi.BlockHeader.encode({ ...header, ...fields }).finish(), payload);
}
