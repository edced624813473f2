import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { openEmbeddedBus } from "@wayward/bus";
import { loadPartition } from "@wayward/chunk";
import { createLog, createMetrics } from "@wayward/service-kit";
import { openStore, partitionPrefix } from "@wayward/store";
import { startArchiver } from "./archiver.ts";
import { sessionOf } from "./testing/session-of.ts";

const log = createLog("error");

test("above its size the archive lets the oldest ended sessions go, with their chunks, and keeps open ones", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-keep-"));
  const bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: 1 });
  const store = await openStore(`file://${folder}/store`);
  const archiver = await startArchiver({
    bus,
    store,
    partitions: 1,
    flushMs: 10,
    keepBytes: 100_000,
    log,
    metrics: createMetrics(),
  });
  const sessions = Array.from({ length: 12 }, (_, number) => sessionOf(number, number !== 1));
  for (const { text, bytes } of sessions) {
    await bus.publish(0, { tenant: "default", session: text }, bytes);
    // One chunk each.
    for (let tries = 0; tries < 300; tries++) {
      const { first, last } = await bus.bounds(0);
      if (first > last) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await archiver.stop();
  const state = await loadPartition(store, partitionPrefix("default", 0));
  const gone = sessions.filter(({ text }) => state.sessions.get(text)?.expired);
  // 100,000 bytes hold four of the eleven that ended, and the open one.
  expect(gone.map(({ text }) => text)).toEqual([0, 2, 3, 4, 5, 6, 7, 8].map((number) => sessions[number]!.text));
  const chunks: string[] = [];
  for await (const { key } of store.list(`${partitionPrefix("default", 0)}c/`)) chunks.push(key);
  expect(chunks).toHaveLength(sessions.length - gone.length);
  await bus.close();
  await store.close();
  rmSync(folder, { recursive: true });
}, 60_000);
