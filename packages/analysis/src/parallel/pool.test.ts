import { afterEach, describe, expect, test } from "@jest/globals";
import { lockAcquired, lockReleased } from "@wayward/record";
import { rowsOf } from "../table.ts";
import { Recorded } from "../threads/testing/recorded.ts";
import { AnalysisPool, heapMibOf, type PoolOptions, type SessionSource } from "./pool.ts";

const SIGNAL = new AbortController().signal;
const SESSION = "0".repeat(26);

/** A session in which one lane takes each of its locks once in every block. */
function session(locks: number, blocks: number, name = "lock"): Buffer[] {
  const recorded = new Recorded();
  const lane = recorded.lane("main");
  for (let block = 0, time = 0; block < blocks; block++) {
    for (let lock = 0; lock < locks; lock++) {
      const object = recorded.object(`${name} ${lock}`);
      recorded.add(lane, time++, lockAcquired, object, 0);
      recorded.add(lane, time++, lockReleased, object, 0);
    }
    recorded.cut();
  }
  return recorded.blocks.map(({ bytes }) => bytes);
}

function sourceOf(blocks: () => AsyncIterable<Uint8Array>): SessionSource {
  return { facts: { session: SESSION, description: undefined }, definitions: [], blocks };
}

function listed(blocks: readonly Uint8Array[]): SessionSource {
  return sourceOf(async function* () {
    yield* blocks;
  });
}

describe("a pool of analysing threads", () => {
  let pool: AnalysisPool | undefined;
  afterEach(async () => {
    await pool?.close();
  });
  const open = (options: PoolOptions) => {
    pool = new AnalysisPool(options);
    return pool;
  };
  /** Holds by lock, as the table tells them. */
  const holdsOf = async (from: AnalysisPool, source: SessionSource) => {
    const { tables } = await from.analyse(source, SIGNAL);
    const rows = rowsOf(tables.find(({ name }) => name === "locks")!);
    return Object.fromEntries(rows.map(({ lock, holds }) => [lock, holds]));
  };

  test("analyses more sessions than it has threads, each for itself", async () => {
    const two = open({ threads: 2 });
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, index) => holdsOf(two, listed(session(1, index + 1, `lock of ${index}`)))),
    );
    expect(answers).toEqual(Array.from({ length: 9 }, (_, index) => ({ [`lock of ${index} 0`]: index + 1 })));
  });

  test("throws what reading throws, and its thread answers the next session as if nothing had been", async () => {
    const one = open({ threads: 1 });
    const blocks = session(2_000, 7);
    const torn = sourceOf(async function* () {
      // All of them are still on their way as it fails.
      yield* blocks;
      throw new Error("the disk is gone");
    });
    const failing = one.analyse(torn, SIGNAL);
    const next = holdsOf(one, listed(session(1, 3, "next")));
    await expect(failing).rejects.toThrow("the disk is gone");
    expect(await next).toEqual({ "next 0": 3 });
  });

  test("tells a damaged block by code, reason and subject, and goes on with the next session", async () => {
    const one = open({ threads: 1 });
    const [first, second, ...rest] = session(3, 9) as [Buffer, Buffer, ...Buffer[]];
    const damaged = Buffer.from(second);
    damaged[damaged.length - 3]! ^= 0xff;
    await expect(one.analyse(listed([first, damaged, ...rest]), SIGNAL)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: expect.stringMatching(/^[A-Z_]+$/),
      message: expect.stringMatching(/checksum|crc/i),
    });
    expect(await holdsOf(one, listed(session(1, 2, "next")))).toEqual({ "next 0": 2 });
  });

  test("ends at the signal, while it reads and while it waits for a thread", async () => {
    const one = open({ threads: 1 });
    const [block] = session(1, 1);
    const reading = new AbortController();
    const waiting = new AbortController();
    let given = 0;
    const endless = sourceOf(async function* () {
      for (; ; given++) yield block!;
    });
    const busy = one.analyse(endless, reading.signal);
    const queued = one.analyse(listed([block!]), waiting.signal);
    waiting.abort(new Error("no longer wanted"));
    await expect(queued).rejects.toThrow("no longer wanted");
    while (given < 20) await new Promise((resolve) => setImmediate(resolve));
    reading.abort(new Error("enough"));
    await expect(busy).rejects.toThrow("enough");
    expect(await holdsOf(one, listed(session(1, 4, "next")))).toEqual({ "next 0": 4 });
  });

  test("replaces a thread that dies of a session too large for it, and says so", async () => {
    const one = open({ threads: 1, heapMib: 24 });
    const large = session(60_000, 1, "a class of its own");
    const failing = one.analyse(listed(large), SIGNAL);
    const queued = holdsOf(one, listed(session(1, 2, "next")));
    await expect(failing).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "NO_MEMORY",
      message: "the session's analysis needs more memory than the 24 MiB of a thread",
    });
    expect(await queued).toEqual({ "next 0": 2 });
    expect(await holdsOf(one, listed(session(1, 5, "last")))).toEqual({ "last 0": 5 });
  });

  test("does not hang on a thread that dies between two blocks", async () => {
    const one = open({ threads: 1, heapMib: 24 });
    const large = session(60_000, 1, "a class of its own");
    const slow = sourceOf(async function* () {
      yield* large;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      yield* large;
    });
    await expect(one.analyse(slow, SIGNAL)).rejects.toMatchObject({ reason: "NO_MEMORY" });
  });

  test("closes with sessions at work and in line", async () => {
    const one = open({ threads: 1 });
    const [block] = session(1, 1);
    const endless = sourceOf(async function* () {
      for (;;) yield block!;
    });
    const all = [one.analyse(endless, SIGNAL), one.analyse(listed([block!]), SIGNAL)];
    const ended = Promise.allSettled(all);
    await one.close();
    for (const outcome of await ended) expect(outcome).toMatchObject({ reason: { reason: "CLOSED" } });
    await expect(one.analyse(listed([block!]), SIGNAL)).rejects.toMatchObject({ reason: "CLOSED" });
  });
});

test.each([
  { what: "no container", threads: 8, limit: 0, heap: 1_024 },
  { what: "no limit, as Linux tells it", threads: 8, limit: 2 ** 64, heap: 1_024 },
  { what: "2 GiB, two threads", threads: 2, limit: 2 ** 31, heap: 512 },
  { what: "more than is needed", threads: 2, limit: 2 ** 34, heap: 1_024 },
])("heapMibOf() leaves the process room: $what", ({ threads, limit, heap }) => {
  expect(heapMibOf(threads, limit)).toBe(heap);
});
