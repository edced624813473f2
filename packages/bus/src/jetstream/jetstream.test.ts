import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { freePort, requireReal, startNats } from "@wayward/testing";
import { connect } from "nats";
import { describeBus, takeMessages } from "../contract.ts";
import { openJetStreamBus } from "./bus.ts";
import { streamName } from "./subjects.ts";

if (await requireReal("nats-server")) {
  for (const syncAlways of [true, false]) {
    describeBus(`jetstream (sync ${syncAlways ? "always" : "default"})`, async () => {
      const server = await startNats({ syncAlways });
      const { url: servers, monitorUrl } = server;
      return {
        open: () => openJetStreamBus({ servers, monitorUrl, partitions: 4, maxBytes: 64 * 1024 * 1024 }),
        lose: async (partition) => {
          const connection = await connect({ servers });
          await (await connection.jetstreamManager()).streams.delete(streamName(partition));
          await connection.close();
        },
        stop: () => server.stop(),
      };
    });
  }

  describe("the bus on JetStream", () => {
    const address = { tenant: "default", session: "0".repeat(26) };

    test("tells what survives a power cut, and refuses what does not if told to", async () => {
      await using server = await startNats({ syncAlways: false });
      const { url: servers, monitorUrl } = server;
      const bus = await openJetStreamBus({ servers, monitorUrl, maxBytes: 64 * 1024 * 1024, partitions: 1 });
      expect(bus.facts).toMatchObject({
        powerSafe: false,
        warnings: [expect.stringContaining("sync_interval: always")],
      });
      await bus.close();
      const strict = openJetStreamBus({
        servers,
        monitorUrl,
        maxBytes: 64 * 1024 * 1024,
        partitions: 1,
        requireDurable: true,
      });
      await expect(strict).rejects.toMatchObject({ reason: "BUS_NOT_DURABLE" });
    });

    test("is not there yet, where durability is required, while its monitor gives no answer", async () => {
      await using server = await startNats({ syncAlways: true });
      await using mute = createServer((socket) => socket.on("error", () => {}).resume());
      await once(mute.listen(0, "127.0.0.1"), "listening");
      const options = { servers: server.url, maxBytes: 64 * 1024 * 1024, partitions: 1 };
      const silent = [
        `http://127.0.0.1:${(mute.address() as AddressInfo).port}`,
        `http://127.0.0.1:${await freePort()}`,
      ];
      for (const monitorUrl of silent) {
        const strict = openJetStreamBus({ ...options, monitorUrl, requireDurable: true });
        await expect(strict).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "BUS_UNAVAILABLE" });
        await expect(strict).rejects.toThrow(`no answer from ${new URL(monitorUrl).host} (WAYWARD_NATS_MONITOR)`);
      }
      const unnamed = openJetStreamBus({ ...options, requireDurable: true });
      await expect(unnamed).rejects.toMatchObject({ reason: "BUS_NOT_DURABLE" });
      const told = await openJetStreamBus({ ...options, monitorUrl: server.monitorUrl, requireDurable: true });
      expect(told.facts).toMatchObject({ powerSafe: true, warnings: [] });
      await told.close();
    }, 30_000);

    test("loses nothing acknowledged when the server is killed, and goes on when it is back", async () => {
      await using server = await startNats({ syncAlways: true });
      const { url: servers, monitorUrl } = server;
      const bus = await openJetStreamBus({ servers, monitorUrl, maxBytes: 64 * 1024 * 1024, partitions: 1 });
      const acknowledged: string[] = [];
      let next = 0;
      const publishing = (async () => {
        while (next < 400) {
          const text = `m${next++}`;
          try {
            await bus.publish(0, address, Buffer.from(text));
            acknowledged.push(text);
          } catch {
            // May or may not be stored.
            await delay(20);
          }
        }
      })();
      while (acknowledged.length < 100) await new Promise((resolve) => setTimeout(resolve, 5));
      await server.kill();
      await server.restart();
      await publishing;
      const { last } = await bus.bounds(0);
      const stored = new Set(
        (await takeMessages(bus, 0, 1n, Number(last))).map(({ body }) => Buffer.from(body).toString()),
      );
      expect(acknowledged.filter((text) => !stored.has(text))).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(100);
      await bus.close();
    }, 60_000);

    test("waits no less for an answer when the clock is set ahead", async () => {
      await using server = await startNats({ syncAlways: false });
      const bus = await openJetStreamBus({ servers: server.url, maxBytes: 64 * 1024 * 1024, partitions: 1 });
      const { now } = Date;
      process.kill(server.pid, "SIGSTOP");
      try {
        const publishing = bus.publish(0, address, Buffer.from("a block"));
        Date.now = () => now() + 3_600_000;
        // Long enough to be looked at twice, well within the time for an answer.
        await Promise.race([publishing, delay(1_200)]);
        process.kill(server.pid, "SIGCONT");
        expect(await publishing).toMatchObject({ busSeq: 1n });
      } finally {
        Date.now = now;
        process.kill(server.pid, "SIGCONT");
      }
      await bus.close();
    }, 30_000);

    test("makes all anew when the server comes back empty, and ends what was read and watched", async () => {
      await using server = await startNats({ syncAlways: false });
      const bus = await openJetStreamBus({ servers: server.url, maxBytes: 64 * 1024 * 1024, partitions: 2 });
      const before = [bus.incarnation(0), bus.incarnation(1)];
      for (let number = 0; number < 5; number++) await bus.publish(0, address, Buffer.from(`old${number}`));
      await bus.topics.set("watermark/aa", Buffer.from("old"));
      const { signal } = new AbortController();
      const ends = [bus.read(0, 1n, signal), bus.read(1, 1n, signal), bus.topics.watch("watermark", signal)].map(
        async (endless) => {
          for await (const _ of endless);
        },
      );
      const outcomes = Promise.allSettled(ends);
      await delay(200);
      await server.kill();
      await expect(retried(() => bus.publish(0, address, Buffer.from("none")), 0)).rejects.toMatchObject({
        code: "UNAVAILABLE",
      });
      await rm(join(server.folder, "data"), { recursive: true });
      await server.restart();
      const stored = await retried(() => bus.publish(0, address, Buffer.from("new")), 500);
      expect(stored.busSeq).toBe(1n);
      expect(before).not.toContain(stored.incarnation);
      for (const { status } of await outcomes) expect(status).toBe("rejected");
      await retried(() => bus.topics.set("watermark/aa", Buffer.from("new"), 0n), 100);
      expect((await bus.publish(1, address, Buffer.from("new"))).busSeq).toBe(1n);
      expect(before).not.toContain(bus.incarnation(1));
      await bus.close();
    }, 60_000);

    test("refuses another number of partitions before it makes their streams, also when all was made anew", async () => {
      await using server = await startNats({ syncAlways: false });
      const { url: servers } = server;
      const limits = { servers, maxBytes: 64 * 1024 * 1024 };
      const bus = await openJetStreamBus({ ...limits, partitions: 1 });
      const mismatch = {
        code: "FAILED_PRECONDITION",
        reason: "LAYOUT_MISMATCH",
        message: "the bus is laid out for 1 partitions, configured are 2 (WAYWARD_PARTITIONS)",
      };
      await expect(openJetStreamBus({ ...limits, partitions: 2 })).rejects.toMatchObject(mismatch);
      const connection = await connect({ servers });
      const { streams } = await connection.jetstreamManager();
      await expect(streams.info("wm-1")).rejects.toThrow("stream not found");
      await connection.close();
      await server.kill();
      await rm(join(server.folder, "data"), { recursive: true });
      await server.restart();
      await retried(() => bus.publish(0, address, Buffer.from("new")), 500);
      await retried(async () => expect((await bus.topics.get("layout/partitions"))?.value).toBeDefined(), 100);
      await expect(openJetStreamBus({ ...limits, partitions: 2 })).rejects.toMatchObject(mismatch);
      await bus.close();
    }, 60_000);

    test("refuses a server without room for its streams, and leaves none that were made", async () => {
      await using server = await startNats({ syncAlways: false, jetstream: "max_file_store: 300MB" });
      const { url: servers } = server;
      const maxBytes = 64 * 1024 * 1024;
      await expect(openJetStreamBus({ servers, maxBytes, partitions: 4 })).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        reason: "BUS_TOO_SMALL",
        message: expect.stringMatching(/^stream wm-\d needs 67108864 bytes of storage \(WAYWARD_BUS_BYTES /),
      });
      await expect(openJetStreamBus({ servers, maxBytes, partitions: 2, replicas: 3 })).rejects.toMatchObject({
        reason: "BUS_TOO_SMALL",
        message: expect.stringContaining("3 copies (WAYWARD_BUS_REPLICAS)"),
      });
      const bus = await openJetStreamBus({ servers, maxBytes, partitions: 2 });
      expect((await bus.publish(1, address, Buffer.from("it fits"))).busSeq).toBe(1n);
      await bus.close();
    }, 30_000);

    test("tells what present streams have otherwise than it is set", async () => {
      await using server = await startNats({ syncAlways: true });
      const { url: servers, monitorUrl } = server;
      const options = { servers, monitorUrl, partitions: 2 };
      const first = await openJetStreamBus({ ...options, maxBytes: 64 * 1024 * 1024 });
      expect(first.facts.warnings).toEqual([]);
      const second = await openJetStreamBus({ ...options, maxBytes: 32 * 1024 * 1024, replicas: 3 });
      expect(second.facts.warnings).toEqual([
        expect.stringMatching(/^stream wm-\d and 1 more have max_bytes 67108864, WAYWARD_BUS_BYTES is 33554432/),
        expect.stringMatching(/^stream wm-\w+ and 3 more have num_replicas 1, WAYWARD_BUS_REPLICAS is 3/),
      ]);
      const strict = openJetStreamBus({ ...options, replicas: 3, requireDurable: true });
      await expect(strict).rejects.toMatchObject({ reason: "BUS_NOT_DURABLE" });
      await first.close();
      await second.close();
    }, 30_000);

    test("refuses what does not fit, and takes it after a purge", async () => {
      await using server = await startNats();
      const { url: servers, monitorUrl } = server;
      const bus = await openJetStreamBus({ servers, monitorUrl, partitions: 1, maxBytes: 100_000 });
      await bus.publish(0, address, Buffer.alloc(70_000));
      await expect(bus.publish(0, address, Buffer.alloc(70_000))).rejects.toMatchObject({ reason: "BUS_FULL" });
      await bus.purge(0, 1n);
      expect((await bus.publish(0, address, Buffer.alloc(70_000))).busSeq).toBe(2n);
      await bus.close();
    });
  });

  /** Tries again, so many times, what the bus cannot do now. */
  async function retried<T>(work: () => Promise<T>, tries: number): Promise<T> {
    for (let left = tries; ; left--) {
      try {
        return await work();
      } catch (error) {
        if (left === 0) throw error;
        await delay(20);
      }
    }
  }
} else describe.skip("the bus contract: jetstream", () => test("needs nats-server", () => {}));
