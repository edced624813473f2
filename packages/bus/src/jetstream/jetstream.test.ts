import { describe, expect, test } from "@jest/globals";
import { requireReal, startNats } from "@wayward/testing";
import { describeBus, takeMessages } from "../contract.ts";
import { openJetStreamBus } from "./bus.ts";

if (await requireReal("nats-server")) {
  for (const syncAlways of [true, false]) {
    describeBus(`jetstream (sync ${syncAlways ? "always" : "default"})`, async () => {
      const server = await startNats({ syncAlways });
      const { url: servers, monitorUrl } = server;
      return {
        open: () => openJetStreamBus({ servers, monitorUrl, partitions: 4, maxBytes: 64 * 1024 * 1024 }),
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
} else describe.skip("the bus contract: jetstream", () => test("needs nats-server", () => {}));
