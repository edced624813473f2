import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { archive } from "@wayward/api";
import { type Bus, openEmbeddedBus, watermarkTopic } from "@wayward/bus";
import { encodeCheckpoint, type LogAction, loadPartition, noteCheckpoint } from "@wayward/chunk";
import { newSessionId, sessionText } from "@wayward/record";
import { createLog, createMetrics } from "@wayward/service-kit";
import { openStore, partitionKeys, type Store } from "@wayward/store";
import { type TempFolder, tempFolder } from "@wayward/testing";
import type { Incoming } from "./core/types.ts";
import { archiveEvents } from "./events.ts";
import { toIncoming } from "./incoming.ts";
import { LogOwner } from "./log-owner.ts";
import { emptyBlock } from "./testing/empty-block.ts";

const { signal } = new AbortController();
const keys = partitionKeys("default", 0);
let folder: TempFolder;
let bus: Bus;
let store: Store;

beforeEach(async () => {
  folder = await tempFolder("log-owner");
  bus = openEmbeddedBus({ path: `${folder.path}/bus`, partitions: 1 });
  store = await openStore(`file://${folder.path}/store`);
});
afterEach(async () => {
  await bus.close();
  await store.close();
  await folder.remove();
});

function load(from = store): Promise<LogOwner> {
  const events = archiveEvents(createMetrics(), createLog("error"));
  return LogOwner.load({ store: from, bus, tenant: "default", partition: 0, events });
}

async function keysOf(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

test("a checkpoint is due by the entries since the last one, however often the archiver starts", async () => {
  const append = async (owner: LogOwner, times: number) => {
    for (let time = 0; time < times; time++) {
      const action: LogAction = { $case: "collect", value: { keys: [`orphan-${time}`] } };
      await owner.run({ type: "append", action, now: 0n }, signal);
    }
  };
  for (let start = 0; start < 5; start++) await append(await load(), 51);
  expect(await keysOf(keys.checkpoints)).toEqual([]);
  await append(await load(), 1);
  expect(await keysOf(keys.checkpoints)).toEqual([keys.checkpoint(255n)]);
  expect((await loadPartition(store, keys)).checkpointed).toBe(255n);
}, 60_000);

test("outdated checkpoints and index objects go when they are old, and what is left loads", async () => {
  const owner = await load();
  const sweep = (orphanMs: number) => owner.sweep({ orphanMs, silentMs: 3_600_000 }, signal);
  const expire = async (from: number) => {
    const sessions = Array.from({ length: 256 }, (_, number) => Buffer.from(newSessionId(from + number)));
    for (const session of sessions) {
      const action: LogAction = { $case: "delete", value: { session } };
      await owner.run({ type: "append", action, now: 0n }, signal);
    }
  };
  const kept = async () => ({
    checkpoints: (await keysOf(keys.checkpoints)).length,
    indexes: (await keysOf(keys.indexes)).length,
  });
  // The second checkpoint writes the sessions of the first one again, with its own.
  for (let round = 0; round < 2; round++) await expire(1 + 1_000 * round);
  expect(await kept()).toEqual({ checkpoints: 2, indexes: 2 });
  await sweep(3_600_000);
  expect(await kept()).toEqual({ checkpoints: 2, indexes: 2 });
  await sweep(0);
  expect(await kept()).toEqual({ checkpoints: 1, indexes: 2 });
  await sweep(0);
  expect(await kept()).toEqual({ checkpoints: 1, indexes: 1 });
  expect((await load()).log.sessions.size).toBe(512);
}, 60_000);

test("copies of a session that is over are told from others by one read of its chunk", async () => {
  const session = Buffer.from(newSessionId(1));
  const address = { tenant: "default", session: sessionText(session) };
  const blocks = Array.from({ length: 50 }, (_, seq) =>
    toIncoming({ busSeq: 0n, address, body: emptyBlock(session, seq, { ends: seq === 49 }) }, 0),
  );
  const read: string[] = [];
  const watched: Store = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        if (name === "get" && String(given[0]).startsWith(keys.chunks)) read.push(String(given[0]));
        return value.apply(target, given);
      };
    },
  });
  const batch = { type: "batch", blocks, incarnation: "a", now: 0n } as const;
  await (await load()).run({ ...batch, busSeq: 50n }, signal);
  const owner = await load(watched);
  noteCheckpoint(owner.log, encodeCheckpoint(owner.log, keys));
  expect(owner.log.sessions.objects.size).toBe(0);
  expect(await owner.run({ ...batch, busSeq: 100n }, signal)).toEqual({ committed: 0, bytes: 0, aside: [] });
  expect(read).toHaveLength(1);
}, 60_000);

test("many blocks of a batch are put aside by few entries, each once, and known when they come again", async () => {
  const COUNT = 2_500;
  const [copied, other] = [1, 2].map((number) => Buffer.from(newSessionId(number))) as [Buffer, Buffer];
  const arrived = (session: Buffer, body: Buffer): Incoming =>
    toIncoming({ busSeq: 0n, address: { tenant: "default", session: sessionText(session) }, body }, 0);
  const blocks = (name: string) =>
    Array.from({ length: COUNT }, (_, seq) => arrived(copied, emptyBlock(copied, seq, { name })));
  const run = (owner: LogOwner, busSeq: bigint, batch: readonly Incoming[]) =>
    owner.run({ type: "batch", blocks: batch, busSeq, incarnation: "a", now: 0n }, signal);
  const owner = await load();
  await run(owner, 10n, blocks("first"));
  expect(owner.log).toMatchObject({ n: 0n, busSeq: 10n, through: 10n });

  const second = blocks("second");
  const garbage = arrived(copied, Buffer.from("garbage"));
  const batch = [...second, garbage, garbage, arrived(other, emptyBlock(other, 0)), second[0]!];
  const tally = await run(owner, 20n, batch);
  expect([tally.committed, tally.aside.length]).toEqual([1, COUNT + 1]);
  // One for the other session's block, and three of at most 1,000 blocks.
  expect(owner.log).toMatchObject({ n: 4n, busSeq: 10n, through: 20n });
  const { log } = await load();
  const found = log.sessions.get(sessionText(copied))!;
  const poisoned = found.poisoned.toArray();
  expect(new Set(poisoned.map(({ dlqKey }) => dlqKey)).size).toBe(COUNT + 1);
  expect(poisoned.map(({ cause }) => cause)).toEqual([...second.map(() => 1), 2]);
  expect(poisoned.every(({ others }) => others.length === 0)).toBe(true);
  expect((await keysOf(`v1/t/default/p/0/dlq/`)).sort()).toEqual(poisoned.map(({ dlqKey }) => dlqKey).sort());
  expect(log.through).toBe(20n);

  await run(await load(), 30n, batch);
  expect((await load()).log.n).toBe(4n);
}, 60_000);

test("a session with more holes than a topic can tell is archived, and what came last is told", async () => {
  const session = Buffer.from(newSessionId(1));
  const address = { tenant: "default", session: sessionText(session) };
  const block = (seq: number): Incoming =>
    toIncoming({ busSeq: BigInt(seq + 1), address, body: emptyBlock(session, seq) }, 0);
  const commit = async (owner: LogOwner, blocks: readonly Incoming[]) => {
    await owner.run({ type: "batch", blocks, busSeq: 1n, incarnation: "a", now: 0n }, signal);
    const topic = await bus.topics.get(watermarkTopic(address));
    return archive.Watermark.decode(topic!.value).ranges;
  };
  const owner = await load();
  const holes = Array.from({ length: 9_000 }, (_, index) => block(2 * index + 1_000_000));
  const told = await commit(owner, holes);
  expect(told).toHaveLength(2_000);
  expect(owner.log.sessions.get(address.session)!.committed.size).toBe(9_000n);
  // A copy of an early one is answered by a watermark that names it.
  const again = await commit(owner, [block(1_000_000 + 8_000)]);
  expect(again).toContainEqual({ first: 1_008_000n, last: 1_008_000n });
  expect(again.at(-1)).toEqual({ first: 1_017_998n, last: 1_017_998n });
  expect(again).toHaveLength(2_000);
}, 60_000);
