import { describe, expect, test } from "@jest/globals";
import { delay, WaywardError } from "@wayward/base";
import { type NatsCluster, type NatsServer, requireReal, retried, startNatsCluster } from "@wayward/testing";
import type { Bus } from "../port.ts";
import { openJetStreamBus } from "./bus.ts";

const address = { tenant: "default", session: "0".repeat(26) };
const MESSAGES = 400;

if (await requireReal("nats-server")) {
  describe("the bus on three nodes", () => {
    test("loses nothing acknowledged when the leader is killed, and goes on without it", async () => {
      await using cluster = await startNatsCluster(3, { syncAlways: false });
      const options = { servers: cluster.urls.join(","), partitions: 1, replicas: 3, maxBytes: 64 * 1024 * 1024 };
      const bus = await retried(() => openJetStreamBus(options));
      const incarnation = bus.incarnation(0);
      const stop = new AbortController();
      const heard = new Set<string>();
      const listening = readOn(bus, heard, stop.signal);

      const acknowledged: string[] = [];
      const publishing = publishAll(bus, acknowledged);
      while (acknowledged.length < MESSAGES / 4) await delay(5);
      const revision = await bus.topics.set("state/one", Buffer.from("before"));
      const leader = await leaderOf(cluster, "wm-0");
      await leader.kill();
      await publishing;
      expect(acknowledged).toHaveLength(MESSAGES);

      for (let tries = 0; tries < 1000 && heard.size < MESSAGES; tries++) await delay(20);
      stop.abort();
      await listening;
      expect(acknowledged.filter((text) => !heard.has(text))).toEqual([]);
      expect(bus.incarnation(0)).toBe(incarnation);
      expect(await retried(() => bus.topics.set("state/one", Buffer.from("after"), revision as bigint))).not.toBe(
        "changed",
      );
      await bus.close();
    }, 120_000);
  });
} else describe.skip("the bus on three nodes", () => test("needs nats-server", () => {}));

/** Publishes one after the other; what nobody acknowledged is published again, and may then be there twice. */
async function publishAll(bus: Bus, acknowledged: string[]): Promise<void> {
  for (let number = 0; number < MESSAGES; number++) {
    const text = `m${number}`;
    await retried(() => bus.publish(0, address, Buffer.from(text)));
    acknowledged.push(text);
  }
}

/** Reads as the archiver does: again from the beginning when the bus cannot go on. */
async function readOn(bus: Bus, heard: Set<string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const { body } of bus.read(0, 1n, signal)) heard.add(Buffer.from(body).toString());
    } catch (error) {
      if (WaywardError.from(error).code !== "UNAVAILABLE") throw error;
      await delay(100);
    }
  }
}

/** The server that leads a stream, as the monitoring port of each tells. */
async function leaderOf(cluster: NatsCluster, stream: string): Promise<NatsServer> {
  for (const [index, server] of cluster.servers.entries()) {
    const answer = await fetch(`${server.monitorUrl}/jsz?accounts=true&streams=true`);
    const text = await answer.text();
    const details = /"name":\s*"([^"]+)"[^[\]]*?"leader":\s*"(n\d)"/g;
    for (const [, name, leader] of text.matchAll(details)) {
      if (name === stream) return cluster.servers[Number(leader!.slice(1)) - 1] ?? server;
    }
    if (index === cluster.servers.length - 1) throw new Error(`no server tells who leads ${stream}: ${text}`);
  }
  throw new Error("no servers");
}
