import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { archive } from "@wayward/api";
import { delay, WaywardError } from "@wayward/base";
import { openEmbeddedBus, watermarkTopic } from "@wayward/bus";
import { deleteSession, loadPartition } from "@wayward/chunk";
import { createLog, createMetrics } from "@wayward/service-kit";
import { openStore, partitionKeys, type Store } from "@wayward/store";
import { startArchiver } from "./archiver.ts";
import { emptyBlock } from "./testing/empty-block.ts";
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
  const state = await loadPartition(store, partitionKeys("default", 0));
  const gone = sessions.filter(({ text }) => state.sessions.get(text)?.expired);
  // 100,000 bytes hold four of the eleven that ended, and the open one.
  expect(gone.map(({ text }) => text)).toEqual([0, 2, 3, 4, 5, 6, 7, 8].map((number) => sessions[number]!.text));
  const chunks: string[] = [];
  for await (const { key } of store.list(partitionKeys("default", 0).chunks)) chunks.push(key);
  expect(chunks).toHaveLength(sessions.length - gone.length);
  await bus.close();
  await store.close();
  rmSync(folder, { recursive: true });
}, 60_000);

test("a silent session without an end goes too, and what a deletion leaves goes from a quiet partition", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-keep-"));
  const bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: 1 });
  const store = await openStore(`file://${folder}/store`);
  const keys = partitionKeys("default", 0);
  const options = { bus, store, partitions: 1, flushMs: 10, tendMs: 50, log };
  const chunks = async () => {
    let count = 0;
    for await (const _ of store.list(keys.chunks)) count++;
    return count;
  };
  const until = async (wanted: number) => {
    for (let tries = 0; tries < 500 && (await chunks()) !== wanted; tries++) await delay(20);
    expect(await chunks()).toBe(wanted);
  };
  const sessions = [0, 1, 2, 3].map((number) => sessionOf(number, false));
  const first = await startArchiver({ ...options, keepBytes: 50_000, metrics: createMetrics() });
  for (const [index, { text, bytes }] of sessions.entries()) {
    await bus.publish(0, { tenant: "default", session: text }, bytes);
    await until(index + 1);
  }
  // 50,000 bytes hold two of them, but all may be written still.
  await delay(300);
  expect(await chunks()).toBe(4);
  await first.stop();
  const second = await startArchiver({ ...options, keepBytes: 50_000, silentMs: 0, metrics: createMetrics() });
  await until(2);
  const session = Buffer.from(sessions[3]!.id);
  await deleteSession(store, { keys, session, force: true, writer: Buffer.alloc(16), now: 0n });
  await until(1);
  await second.stop();
  const state = await loadPartition(store, keys);
  expect(sessions.map(({ text }) => state.sessions.get(text)?.expired)).toEqual([true, true, false, false]);
  await bus.close();
  await store.close();
  rmSync(folder, { recursive: true });
}, 60_000);

test("a session that went while it was silent and writes again is archived like any other, and told so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-keep-"));
  const bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: 1 });
  const store = await openStore(`file://${folder}/store`);
  const keys = partitionKeys("default", 0);
  const options = { bus, store, partitions: 1, flushMs: 10, tendMs: 50, keepBytes: 50_000, log };
  const load = () => loadPartition(store, keys);
  const sessions = [0, 1, 2].map((number) => sessionOf(number, false));
  const { id, text, bytes } = sessions[0]!;
  const publish = (to: string, block: Buffer) => bus.publish(0, { tenant: "default", session: to }, block);
  const first = await startArchiver({ ...options, silentMs: 0, metrics: createMetrics() });
  for (const { text, bytes } of sessions) await publish(text, bytes);
  const hasExpired = async () => (await load()).sessions.get(text)?.expired === true;
  for (let tries = 0; tries < 500 && !(await hasExpired()); tries++) await delay(20);
  expect(await hasExpired()).toBe(true);
  await first.stop();
  // The host is back, and its agent sends again what it has of before.
  const second = await startArchiver({ ...options, metrics: createMetrics() });
  for (const block of [bytes, emptyBlock(id, 1), emptyBlock(id, 2)]) await publish(text, block);
  const isDone = async () => {
    const { first, last } = await bus.bounds(0);
    return first > last;
  };
  for (let tries = 0; tries < 500 && !(await isDone()); tries++) await delay(10);
  await second.stop();
  const state = await load();
  const found = state.sessions.get(text)!;
  expect(found).toMatchObject({ expired: false, letGo: [{ first: 0n, last: 0n }] });
  expect(found.committed.toArray()).toEqual([{ first: 0n, last: 2n }]);
  expect([0n, 1n, 2n].map((seq) => state.chunkOf(text, seq) !== undefined)).toEqual([false, true, true]);
  const watermark = await bus.topics.get(watermarkTopic({ tenant: "default", session: text }));
  const { deleted, ranges } = archive.Watermark.decode(watermark!.value);
  expect({ deleted, ranges }).toEqual({ deleted: false, ranges: [{ first: 0n, last: 2n }] });
  await bus.close();
  await store.close();
  rmSync(folder, { recursive: true });
}, 60_000);

test("a smaller size makes the room on a disk that has none for another chunk", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-keep-"));
  const bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: 1 });
  const disk = await openStore(`file://${folder}/store`);
  const keys = partitionKeys("default", 0);
  const options = { bus, partitions: 1, flushMs: 10, log };
  const isDone = async () => {
    const { first, last } = await bus.bounds(0);
    return first > last;
  };
  const push = async ({ text, bytes }: ReturnType<typeof sessionOf>) =>
    bus.publish(0, { tenant: "default", session: text }, bytes);
  const all = await startArchiver({ ...options, store: disk, metrics: createMetrics() });
  for (const number of [0, 1, 2]) {
    await push(sessionOf(number, true));
    for (let tries = 0; tries < 500 && !(await isDone()); tries++) await delay(10);
  }
  await all.stop();
  await push(sessionOf(3, true));
  const smaller = { ...options, keepBytes: 50_000, store: withRoomFor(3, disk, keys.chunks), metrics: createMetrics() };
  const archiver = await startArchiver(smaller);
  for (let tries = 0; tries < 500 && !(await isDone()); tries++) await delay(10);
  expect(await isDone()).toBe(true);
  await archiver.stop();
  await bus.close();
  await disk.close();
  rmSync(folder, { recursive: true });
}, 60_000);

/** A store whose disk takes entries, and so many chunks. */
function withRoomFor(chunks: number, store: Store, prefix: string): Store {
  const put: Store["put"] = async (key, ...rest) => {
    let there = 0;
    if (key.startsWith(prefix)) for await (const _ of store.list(prefix)) there++;
    if (there >= chunks) throw new WaywardError("RESOURCE_EXHAUSTED", "STORE_FULL", `object ${key}: no room`);
    return store.put(key, ...rest);
  };
  return new Proxy(store, {
    get: (target, name) => {
      const value = name === "put" ? put : Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
