import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { WaywardError } from "@wayward/base";
import { type Bus, openJetStreamBus, partitionOf } from "@wayward/bus";
import { connect, type Seen } from "@wayward/client";
import { createLog, createMetrics, type Serving, serve } from "@wayward/service-kit";
import { openStore, type Store } from "@wayward/store";
import { type NatsServer, requireReal, startNats, type TempFolder, tempFolder } from "@wayward/testing";
import { startStream } from "./start.ts";
import { accept, announce, store } from "./testing/accept.ts";
import { Notes } from "./testing/notes.ts";

const PARTITIONS = 1;
const MAX_BYTES = 300_000;
const real = await requireReal("nats-server");

/** A Notes text without its padding. */
const numbers = (seen: readonly Seen[]) =>
  seen.flatMap((one) => {
    if (one.type === "record") return [one.record.text.split(" ")[0]];
    return one.type === "fill" ? one.records.map(({ text }) => text.split(" ")[0]) : [];
  });
const named = (from: number, until: number) => Array.from({ length: until - from }, (_, index) => `n${from + index}`);

(real ? describe : describe.skip)("observers on JetStream", () => {
  let nats: NatsServer;
  let bus: Bus;
  let folder: TempFolder;
  let objects: Store;
  let serving: Serving;

  beforeAll(async () => {
    nats = await startNats({ syncAlways: true });
    folder = await tempFolder("relay");
    objects = await openStore(`file://${folder.path}`);
    bus = await openJetStreamBus({ servers: nats.url, partitions: PARTITIONS, maxBytes: MAX_BYTES });
    const metrics = createMetrics();
    const log = createLog("error");
    const parts = [startStream({ bus, store: objects, partitions: PARTITIONS, log, metrics })];
    serving = await serve({ host: "127.0.0.1", port: 0, httpPort: 0, parts, log, metrics });
  }, 60_000);
  afterAll(async () => {
    await serving.stop();
    await bus.close();
    await objects.close();
    await nats.stop();
    await folder.remove();
  });

  /** Watches a session from now on; tells when each record came. */
  const watch = async (name: string) => {
    const client = connect({ server: serving.address });
    const stop = new AbortController();
    const seen: Seen[] = [];
    const done = (async () => {
      for await (const one of client.watch({ names: [name], signal: stop.signal })) seen.push(one);
    })();
    const until = async (holds: () => boolean, withinMs = 5_000) => {
      for (const late = Date.now() + withinMs; Date.now() < late && !holds(); )
        await new Promise((resolve) => setTimeout(resolve, 5));
      expect({ holds: holds(), seen: numbers(seen).slice(-5) }).toMatchObject({ holds: true });
    };
    await until(() => seen.some(({ type }) => type === "live"));
    const end = async () => {
      stop.abort();
      await done;
      client.close();
    };
    return { seen, until, end };
  };
  const empty = async () => bus.purge(0, (await bus.bounds(0)).last);

  test("see what ingest names at once, all of them the same", async () => {
    const notes = new Notes("named");
    const watches = await Promise.all([watch("named"), watch("named"), watch("na*")]);
    await accept(bus, notes, notes.many(50));
    for (const { until, seen } of watches) {
      await until(() => numbers(seen).length === 50, 1_000);
      expect(numbers(seen)).toEqual(named(0, 50));
    }
    await Promise.all(watches.map(({ end }) => end()));
  });

  test("see a block whose ingest died between store and announcement", async () => {
    const notes = new Notes("died");
    const { seen, until, end } = await watch("died");
    const [first, second] = notes.many(2);
    await accept(bus, notes, [first!]);
    await store(bus, notes, second!);
    await until(() => numbers(seen).length === 2, 2_000);
    await end();
  });

  test("see a block whose announcement was lost, as soon as the next one shows it", async () => {
    const notes = new Notes("lost");
    const { seen, until, end } = await watch("lost");
    const blocks = notes.many(3);
    await accept(bus, notes, [blocks[0]!]);
    await store(bus, notes, blocks[1]!);
    await accept(bus, notes, [blocks[2]!]);
    await until(() => numbers(seen).length === 3);
    expect(numbers(seen)).toEqual(named(0, 3));
    expect(seen.filter(({ type }) => type === "gap")).toEqual([]);
    await end();
  });

  test("never see what was published and not stored", async () => {
    await empty();
    const notes = new Notes("refused", ` ${randomBytes(10_000).toString("base64")}`);
    const heard: number[] = [];
    const listening = await bus.listen(0, (_, body) => heard.push(body.length));
    const { seen, until, end } = await watch("refused");
    const blocks = notes.many(60);
    let stored = 0;
    // The stream is full of other things before all are in.
    await fill(bus);
    for (const block of blocks) {
      try {
        await accept(bus, notes, [block]);
        stored++;
      } catch (error) {
        expect(WaywardError.from(error).reason).toBe("BUS_FULL");
        break;
      }
    }
    expect(stored).toBeLessThan(blocks.length);
    // The core subscription had the refused one too.
    for (let tries = 0; tries < 100 && heard.length <= stored; tries++) await new Promise((r) => setTimeout(r, 10));
    expect(heard.length).toBeGreaterThan(stored);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(numbers(seen)).toEqual(named(0, stored));
    await empty();
    await accept(bus, notes, [blocks[stored]!]);
    await until(() => numbers(seen).length === stored + 1);
    expect(numbers(seen)).toEqual(named(0, stored + 1));
    await listening.close();
    await end();
  }, 60_000);

  test("see everything acknowledged once while the server is killed and comes back", async () => {
    await empty();
    const notes = new Notes("restarted");
    const { seen, until, end } = await watch("restarted");
    let sent = 0;
    let stop = false;
    const sending = (async () => {
      while (!stop) {
        const block = notes.block();
        sent++;
        for (;;) {
          try {
            const stored = await store(bus, notes, block);
            if (sent % 3 !== 0) announce(bus, notes, block, stored);
            break;
          } catch {
            // Nobody can say whether it is stored: it is sent again, as a pusher does.
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    try {
      await until(() => numbers(seen).length > 50);
      await nats.kill();
      await nats.restart();
      const before = sent;
      await until(() => sent > before + 50, 20_000);
    } finally {
      stop = true;
      await sending;
    }
    await until(() => numbers(seen).length >= sent, 10_000);
    expect(new Set(numbers(seen)).size).toBe(sent);
    expect(numbers(seen)).toHaveLength(sent);
    await end();
  }, 60_000);
});

/** Fills the partition, but for some 50 kB. */
async function fill(bus: Bus): Promise<void> {
  const notes = new Notes("filler");
  const filler = Buffer.alloc(MAX_BYTES - 60_000);
  await bus.publish(partitionOf(notes.id, bus.partitions), { tenant: "default", session: notes.text }, filler);
}
