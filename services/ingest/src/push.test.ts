import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { archive, block as blockApi, ingest } from "@wayward/api";
import { createDeferred, unwrap } from "@wayward/base";
import { BlockWriter, LIMITS, parseEnvelope, Stage, sealEnvelope } from "@wayward/block";
import { acceptedChannel, type Bus, openEmbeddedBus, partitionOf, watermarkTopic } from "@wayward/bus";
import { newSessionId, noteText, sessionText } from "@wayward/record";
import { createLog, createMetrics, type Facts, type Log, type Serving, serve } from "@wayward/service-kit";
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
  readonly call: ClientDuplexStream<ingest.PushRequest, ingest.PushResponse>;
  readonly ended: Promise<unknown>;

  constructor(address: string) {
    this.#client = new ingest.IngestServiceClient(address, credentials.createInsecure());
    this.call = this.#client.push();
    this.call.on("data", ({ event }) => event !== undefined && this.answers.push(event));
    this.call.on("error", () => {});
    this.ended = new Promise((resolve) => this.call.on("status", resolve));
  }

  push(block: Uint8Array): void {
    this.call.write({ block: Buffer.from(block), sent: 5n });
  }

  /** Waits for so many answers of this case, as long as some come within 5 s. */
  async wait<C extends NonNullable<ingest.PushResponse["event"]>["$case"]>(kind: C, count = 1) {
    const found = () => this.answers.filter((answer) => answer.$case === kind);
    for (let tries = 0, before = 0; tries < 500 && found().length < count; tries++) {
      if (found().length > before) tries = 0;
      before = found().length;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(found()).toHaveLength(count);
    return found().map(({ value }) => value) as Extract<
      NonNullable<ingest.PushResponse["event"]>,
      { $case: C }
    >["value"][];
  }

  close(): void {
    this.call.end();
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
    const topic = watermarkTopic({ tenant: "default", session: sessionText(session) });
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

/** A real bus that does not take blocks before the gate opens. */
function lateBus(path: string) {
  const bus = openEmbeddedBus({ path, partitions: 2 });
  const publish = bus.publish.bind(bus);
  const gate = createDeferred<void>();
  bus.publish = async (...message) => {
    await gate.promise;
    return publish(...message);
  };
  return { bus, open: gate.resolve };
}

describe("a push under pressure", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-ingest-"));
  const quiet = createLog("error");
  const serveOn = (bus: Bus, metrics = createMetrics(), log: Log = quiet) => {
    const parts = [startIngest({ bus, log, metrics })];
    return serve({ host: "127.0.0.1", port: 0, httpPort: 0, parts, log, metrics });
  };
  afterAll(() => rmSync(folder, { recursive: true }));

  test("beyond its credit is to be tried again, and then taken", async () => {
    const { bus, open } = lateBus(join(folder, "credit"));
    const serving = await serveOn(bus);
    const pusher = new Pusher(serving.address);
    const [credit] = await pusher.wait("credit");
    const { blocks } = sampleBlocks(credit!.blocks + 1);
    for (const block of blocks) pusher.push(block);
    const [retry] = await pusher.wait("retry");
    expect(retry).toMatchObject({ seq: BigInt(credit!.blocks), message: expect.stringContaining("are unanswered") });
    open();
    await pusher.wait("ack", credit!.blocks);
    pusher.push(blocks.at(-1)!);
    await pusher.wait("ack", blocks.length);
    pusher.close();
    await serving.stop();
    await bus.close();
  });

  test("on a full bus is to be tried again, and is taken once there is room", async () => {
    const { session, blocks } = sampleBlocks(2);
    const maxBytes = blocks[0]!.length + 10;
    const bus = openEmbeddedBus({ path: join(folder, "full"), partitions: 2, maxBytes });
    const warnings: Facts[] = [];
    const serving = await serveOn(bus, createMetrics(), {
      ...quiet,
      warn: (_, facts = {}) => void warnings.push(facts),
    });
    const pusher = new Pusher(serving.address);
    pusher.push(blocks[0]!);
    const [ack] = await pusher.wait("ack");
    pusher.push(blocks[1]!);
    pusher.push(blocks[1]!);
    const [retry] = await pusher.wait("retry", 2);
    // The operator reads of it, once.
    expect(warnings).toEqual([{ reason: "BUS_FULL", error: retry!.message }]);
    expect(retry).toMatchObject({ seq: 1n, message: expect.stringContaining(`at most ${maxBytes}`) });
    expect(retry!.afterMs).toBeGreaterThan(0);
    await bus.purge(partitionOf(session, 2), ack!.busSeq);
    pusher.push(blocks[1]!);
    await pusher.wait("ack", 2);
    pusher.close();
    await serving.stop();
    await bus.close();
  });

  test("gets its answers before the server stops, also when it ends on the goodbye", async () => {
    const { bus, open } = lateBus(join(folder, "stop"));
    const serving = await serveOn(bus);
    const [polite, waiting] = [new Pusher(serving.address), new Pusher(serving.address)];
    polite.call.on("data", ({ event }) => event?.$case === "goodbye" && polite.call.end());
    await Promise.all([polite.wait("credit"), waiting.wait("credit")]);
    for (const pusher of [polite, waiting]) for (const block of sampleBlocks(3).blocks) pusher.push(block);
    // The stop must find all six on their way; a seventh is refused on each stream after them.
    for (const pusher of [polite, waiting]) pusher.push(Buffer.from("garbage"));
    await Promise.all([polite.wait("refused"), waiting.wait("refused")]);
    const stopped = serving.stop();
    await Promise.all([polite.wait("goodbye"), waiting.wait("goodbye")]);
    waiting.push(sampleBlocks(1).blocks[0]!);
    open();
    await stopped;
    expect(await polite.ended).toMatchObject({ code: 0 });
    expect(await waiting.ended).toMatchObject({ code: 0 });
    for (const pusher of [polite, waiting]) await pusher.wait("ack", 3);
    const held = await Promise.all([bus.bounds(0), bus.bounds(1)]);
    expect(held.reduce((sum, { first, last }) => sum + last - first + 1n, 0n)).toBe(6n);
    for (const pusher of [polite, waiting]) pusher.close();
    await bus.close();
  });

  test("that reads no answers is not read either, and loses none", async () => {
    const bus = openEmbeddedBus({ path: join(folder, "deaf"), partitions: 2 });
    const metrics = createMetrics();
    const serving = await serveOn(bus, metrics);
    const refused = async () => Number(/result="refused"} (\d+)/.exec(await metrics.text())?.[1] ?? 0);
    const pusher = new Pusher(serving.address);
    pusher.call.pause();
    for (let count = 0; count < 20_000; count++) pusher.push(Buffer.from("garbage"));
    let read = -1;
    for (let now = 0; now !== read || now === 0; now = await refused()) {
      read = now;
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(read).toBeLessThan(10_000);
    pusher.call.resume();
    await pusher.wait("refused", 20_000);
    pusher.close();
    await serving.stop();
    await bus.close();
  });

  test("of more than a message may hold ends that stream only", async () => {
    const bus = openEmbeddedBus({ path: join(folder, "huge"), partitions: 2 });
    const serving = await serveOn(bus);
    const [huge, other] = [new Pusher(serving.address), new Pusher(serving.address)];
    const { blocks } = sampleBlocks(2);
    other.push(blocks[0]!);
    await other.wait("ack");
    huge.push(Buffer.alloc(3 * 1024 * 1024));
    expect(await huge.ended).toMatchObject({ code: 8, details: expect.stringContaining("1048576") });
    other.push(blocks[1]!);
    await other.wait("ack", 2);
    for (const pusher of [huge, other]) pusher.close();
    await serving.stop();
    await bus.close();
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
