import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type ClientReadableStream, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { selection, stream } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { type Bus, openJetStreamBus } from "@wayward/bus";
import { RangeSet } from "@wayward/chunk";
import {
  freePort,
  type NatsServer,
  requireReal,
  type ServerProcess,
  startNats,
  startServer,
  type TempFolder,
  tempFolder,
} from "@wayward/testing";
import { accept } from "./testing/accept.ts";
import { Notes } from "./testing/notes.ts";

const PARTITIONS = 1;
const BLOCKS = 1_500;
const RSS_MAX_MB = 256;
const real = await requireReal("nats-server");

/** An observer of blocks that can stop reading. */
class Reader {
  readonly seqs: bigint[] = [];
  readonly missed = new RangeSet();
  readonly causes = new Set<selection.GapCause>();
  cursor: Buffer = Buffer.alloc(0);
  live = false;
  readonly call: ClientReadableStream<stream.ObserveResponse>;
  readonly #client: stream.StreamServiceClient;

  constructor(address: string, cursor?: Buffer) {
    this.#client = new stream.StreamServiceClient(address, credentials.createInsecure());
    const start = cursor === undefined ? stream.Start.START_NOW_UNSPECIFIED : stream.Start.START_CURSOR;
    const form = selection.Form.FORM_BLOCKS;
    this.call = this.#client.observe(stream.ObserveRequest.fromPartial({ form, start, ...(cursor && { cursor }) }));
    this.call.on("data", (message: stream.ObserveResponse) => this.#take(message));
    this.call.on("error", () => {});
  }

  #take({ part, cursor }: stream.ObserveResponse): void {
    if (cursor.length > 0) this.cursor = cursor;
    if (part?.$case === "live") this.live = true;
    const batch = part?.$case === "fill" ? part.value.blocks : part?.$case === "blocks" ? part.value : undefined;
    for (const { block } of batch?.blocks ?? []) this.seqs.push(unwrap(parseEnvelope(block)).header.seq);
    if (part?.$case !== "gap") return;
    this.causes.add(part.value.cause);
    this.missed.add(part.value.firstSeq, part.value.lastSeq);
  }

  close(): void {
    this.call.cancel();
    this.#client.close();
  }
}

async function until(holds: () => boolean, withinMs = 20_000): Promise<void> {
  for (const late = Date.now() + withinMs; Date.now() < late && !holds(); )
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

(real ? describe : describe.skip)("an observer that does not read", () => {
  let nats: NatsServer;
  let bus: Bus;
  let folder: TempFolder;
  let service: ServerProcess;
  let address: string;

  beforeAll(async () => {
    nats = await startNats({ syncAlways: false });
    folder = await tempFolder("slow");
    bus = await openJetStreamBus({ servers: nats.url, partitions: PARTITIONS, maxBytes: 1024 ** 3 });
    const [port, httpPort] = [await freePort(), await freePort()];
    address = `127.0.0.1:${port}`;
    service = await startServer({
      name: "stream",
      program: process.execPath,
      args: [new URL("./main.ts", import.meta.url).pathname],
      env: {
        WAYWARD_NATS: nats.url,
        WAYWARD_NATS_MONITOR: nats.monitorUrl,
        WAYWARD_PARTITIONS: String(PARTITIONS),
        WAYWARD_STORE: `file://${folder.path}/store`,
        WAYWARD_PORT: String(port),
        WAYWARD_HTTP_PORT: String(httpPort),
      },
      logFile: `${folder.path}/log`,
      ready: async () => (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).ok,
    });
  }, 60_000);
  afterAll(async () => {
    await service?.end("SIGTERM");
    await bus?.close();
    await nats?.stop();
    await folder?.remove();
  });

  test("holds up nobody, is told what it missed, and has it by its cursor, within the service's memory", async () => {
    const notes = new Notes("much", ` ${randomBytes(45_000).toString("base64")}`);
    const [healthy, slow] = [new Reader(address), new Reader(address)];
    await until(() => healthy.live && slow.live);
    slow.call.pause();
    let bytes = 0;
    for (let sent = 1; sent <= BLOCKS; sent++) {
      const block = notes.block();
      bytes += block.length;
      await accept(bus, notes, [block]);
      if (sent % 16 === 0) await until(() => healthy.seqs.length > sent - 16);
    }
    expect(bytes).toBeGreaterThan(60_000_000);
    await until(() => healthy.seqs.length === BLOCKS);
    expect([...healthy.causes]).toEqual([]);
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, "utf8"))?.[1]) / 1000;
    expect(peak).toBeLessThan(RSS_MAX_MB);
    slow.call.resume();
    await until(() => slow.seqs.at(-1) === BigInt(BLOCKS - 1));
    expect([...slow.causes]).toEqual([selection.GapCause.GAP_CAUSE_SLOW_READER]);
    // In how many pieces is a matter of how the system's buffers empty.
    expect(slow.missed.size).toBeGreaterThan(0n);
    expect(slow.missed.size).toBe(BigInt(BLOCKS - slow.seqs.length));
    for (const seq of slow.seqs) expect(slow.missed.has(seq)).toBe(false);
    // A cursor comes at most a second later.
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    const again = new Reader(address, slow.cursor);
    await until(() => again.live);
    expect([...slow.seqs, ...again.seqs].sort((a, b) => Number(a - b))).toEqual(
      Array.from({ length: BLOCKS }, (_, seq) => BigInt(seq)),
    );
    for (const reader of [healthy, slow, again]) reader.close();
  }, 120_000);
});
