import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { delay, present } from "@wayward/base";
import { type Bus, watermarkTopic } from "@wayward/bus";
import { deleteSession, loadPartition } from "@wayward/chunk";
import { newSessionId, sessionText } from "@wayward/record";
import { createLog, createMetrics } from "@wayward/service-kit";
import { partitionKeys, type Store } from "@wayward/store";
import { startArchiver } from "./archiver.ts";
import { emptyBlock } from "./testing/empty-block.ts";

const session = Buffer.from(newSessionId(1));
const address = { tenant: "default", session: sessionText(session) };
const keys = partitionKeys("default", 0);
const log = createLog("error");

/** Bus and store with one partition; each `connect` is another process's way to the same ones. */
export interface ShapeUnderTest {
  connect(): Promise<{ readonly bus: Bus; readonly store: Store }>;
  /** From now on the store takes no chunks. */
  breakStore(): Promise<void>;
  /** The bus loses all it holds while it is open. */
  readonly loseBus?: () => Promise<void>;
  stop(): Promise<void>;
}

/**
 * Declares the tests that the archiver passes on every pair of bus and store.
 * `neverLost` says why there is no `loseBus`: what needs it is skipped, and
 * the reason shown.
 */
export function describeArchiver(name: string, open: () => Promise<ShapeUnderTest>, neverLost?: string): void {
  const testOfLoss = neverLost === undefined ? test : test.skip;
  const because = neverLost === undefined ? "" : ` (${neverLost})`;

  describe(`the archiver on ${name}`, () => {
    let opened: ShapeUnderTest;
    let bus: Bus;
    let store: Store;

    beforeEach(async () => {
      opened = await open();
      ({ bus, store } = await opened.connect());
    });
    afterEach(() => opened.stop());

    /** Waits until nothing is left on the bus: all of it is in the log by then. */
    const drained = () =>
      until(async () => {
        const { first, last } = await bus.bounds(0);
        return last < first;
      });
    const load = () => loadPartition(store, keys);
    const chunks = () => listed(store, keys.chunks);

    test("two at once commit each block once, put others aside, and drop a deleted session's blocks", async () => {
      const metrics = createMetrics();
      const options = { partitions: 1, flushMs: 20, leaseMs: 0, metrics, log };
      const archivers = [
        await startArchiver({ bus, store, ...options }),
        await startArchiver({ ...(await opened.connect()), ...options, metrics: createMetrics() }),
      ];
      const other = emptyBlock(session, 0, { name: "other" });
      const bodies = [block(0), block(1), block(0), other, Buffer.from("garbage"), block(2)];
      for (const body of bodies) await bus.publish(0, address, body);
      await drained();

      const found = (await load()).sessions.get(address.session)!;
      expect(found.committed.toArray()).toEqual([{ first: 0n, last: 2n }]);
      expect(found.description?.name).toBe("first");
      expect(
        found.poisoned
          .toArray()
          .map(({ cause }) => cause)
          .sort(),
      ).toEqual([1, 2]);
      expect(await bus.topics.get(watermarkTopic(address))).toBeDefined();

      const deletion = { keys, session, writer: Buffer.alloc(16), now: 0n };
      await expect(deleteSession(store, { ...deletion, force: false })).rejects.toMatchObject({
        reason: "SESSION_OPEN",
      });
      await deleteSession(store, { ...deletion, force: true });
      await bus.publish(0, address, block(3));
      await drained();
      for (const archiver of archivers) await archiver.stop();
      expect((await load()).sessions.get(address.session)!.deleted).toBe(true);
      expect(await metrics.text()).toMatch(/wayward_archive_blocks_total\{result="copy"\} [1-9]/);
    }, 30_000);

    test("a lease leaves one at work; when it is gone the other goes on, and each block is committed once", async () => {
      const metrics = [createMetrics(), createMetrics()];
      const start = async (at: number, place: { bus: Bus; store: Store }) =>
        startArchiver({ ...place, partitions: 1, flushMs: 20, leaseMs: 500, log, metrics: metrics[at]! });
      // Leases are asked for where a bus can be shared.
      const shared = { ...(await opened.connect()) };
      const asShared = (place: { bus: Bus; store: Store }) => ({ ...place, bus: withFacts(place.bus) });
      const first = await start(0, asShared({ bus, store }));
      await until(async () => (await bus.topics.get("lease/archive-0")) !== undefined);
      const second = await start(1, asShared(shared));
      for (let seq = 0; seq < 20; seq++) await bus.publish(0, address, block(seq));
      await drained();
      expect(await committedBy(metrics[1]!)).toBe(0);
      await first.stop();
      for (let seq = 20; seq < 40; seq++) await bus.publish(0, address, block(seq));
      await drained();
      await second.stop();
      expect([await committedBy(metrics[0]!), await committedBy(metrics[1]!)]).toEqual([20, 20]);
      expect((await load()).sessions.get(address.session)!.committed.toArray()).toEqual([{ first: 0n, last: 39n }]);
    }, 30_000);

    test("a lease whose holder is silent is taken over", async () => {
      await bus.topics.set("lease/archive-0", Buffer.from("somebody"), 0n);
      const begun = performance.now();
      const archiver = await startArchiver({
        bus: withFacts(bus),
        store,
        partitions: 1,
        flushMs: 20,
        leaseMs: 400,
        log,
        metrics: createMetrics(),
      });
      await bus.publish(0, address, block(0));
      await drained();
      expect(performance.now() - begun).toBeGreaterThan(400);
      await archiver.stop();
    }, 30_000);

    test("a stop commits what was read", async () => {
      const archiver = await startArchiver({
        bus,
        store,
        partitions: 1,
        flushMs: 60_000,
        log,
        metrics: createMetrics(),
      });
      await bus.publish(0, address, block(0));
      await delay(200);
      expect((await load()).n).toBe(-1n);
      await archiver.stop();
      expect((await load()).sessions.get(address.session)!.committed.has(0n)).toBe(true);
      const { first, last } = await bus.bounds(0);
      expect(last).toBeLessThan(first);
    }, 30_000);

    test("a stop ends in time when the store takes nothing, and the bus keeps the blocks", async () => {
      const archiver = await startArchiver({
        bus,
        store,
        partitions: 1,
        flushMs: 20,
        stopMs: 300,
        log,
        metrics: createMetrics(),
      });
      await opened.breakStore();
      await bus.publish(0, address, block(0));
      await delay(300);
      const begun = performance.now();
      await archiver.stop();
      expect(performance.now() - begun).toBeLessThan(2_000);
      expect(await bus.bounds(0)).toEqual({ first: 1n, last: 1n });
    }, 30_000);

    testOfLoss(
      `what was read before the bus was lost takes nothing from the one made anew, which gets control back${because}`,
      async () => {
        const archiver = await startArchiver({
          bus,
          store,
          partitions: 1,
          flushMs: 20_000,
          flushBytes: 30_000,
          log,
          metrics: createMetrics(),
        });
        for (let seq = 0; seq < 3; seq++) await bus.publish(0, address, block(seq));
        await delay(300);
        await bus.topics.set("control/default/levels", Buffer.from("debug"));
        await until(async () => (await store.get("v1/t/default/state/control/levels")) !== undefined);
        await present(opened.loseBus, "a way to lose the bus")();
        for (let seq = 3; seq < 8; seq++) await until(() => bus.publish(0, address, block(seq)).then(...YES_OR_NO));
        // Makes a chunk's worth.
        const summary = Buffer.alloc(30_000);
        await bus.publish(0, address, emptyBlock(session, 8, { summary }));
        await drained();
        await until(() => bus.topics.get("control/default/levels").then((topic) => topic !== undefined));
        await archiver.stop();
        const found = (await load()).sessions.get(address.session)!;
        for (let seq = 0n; seq < 8n; seq++) expect([seq, found.committed.has(seq)]).toEqual([seq, true]);
      },
      60_000,
    );

    test("a block whose summary is damaged is put aside and holds nobody up", async () => {
      const archiver = await startArchiver({ bus, store, partitions: 1, flushMs: 50, log, metrics: createMetrics() });
      await bus.publish(0, address, block(0));
      await bus.publish(0, address, emptyBlock(session, 1, { summary: Buffer.from([1, 255, 255]) }));
      await bus.publish(0, address, block(2));
      await drained();
      await archiver.stop();
      const found = (await load()).sessions.get(address.session)!;
      expect(found.committed.toArray()).toEqual([0n, 2n].map((seq) => ({ first: seq, last: seq })));
      expect(found.poisoned.toArray().map(({ seq, cause }) => [seq, cause])).toEqual([[1n, 2]]);
      expect(await store.get(found.poisoned.toArray()[0]!.dlqKey)).toBeDefined();
    }, 30_000);

    test("chunks that no entry names go when they are old, and only those", async () => {
      const orphan = `${keys.chunks}orphan`;
      await store.put(orphan, Buffer.from("an attempt that died"));
      const run = async (orphanMs: number, seq: number) => {
        const archiver = await startArchiver({
          bus,
          store,
          partitions: 1,
          flushMs: 20,
          orphanMs,
          log,
          metrics: createMetrics(),
        });
        await bus.publish(0, address, block(seq));
        await drained();
        await delay(300);
        await archiver.stop();
      };
      await run(3_600_000, 0);
      expect(await chunks()).toHaveLength(2);
      await run(0, 1);
      expect(await chunks()).toHaveLength(2);
      expect(await chunks()).not.toContain(orphan);
      const state = await load();
      for (const seq of [0n, 1n]) expect(await chunks()).toContain(state.chunkOf(address.session, seq)!.key);
    }, 30_000);

    test("a copy is recognised by its chunk's footer alone", async () => {
      const asked: string[] = [];
      const watched = watchGets(store, (key, range) => asked.push(`${key.startsWith(keys.chunks)} ${range}`));
      const archiver = await startArchiver({
        bus,
        store: watched,
        partitions: 1,
        flushMs: 20,
        log,
        metrics: createMetrics(),
      });
      await bus.publish(0, address, block(0));
      await drained();
      await bus.publish(0, address, block(0));
      await drained();
      await archiver.stop();
      expect(asked.filter((line) => line.startsWith("true"))).toEqual(["true true"]);
    }, 30_000);

    test("another number of partitions than the store's is refused", async () => {
      const archiver = await startArchiver({ bus, store, partitions: 1, log, metrics: createMetrics() });
      await archiver.stop();
      await expect(startArchiver({ bus, store, partitions: 2, log, metrics: createMetrics() })).rejects.toMatchObject({
        reason: "LAYOUT_MISMATCH",
      });
    });
  });
}

const YES_OR_NO = [() => true, () => false] as const;

function block(seq: number): Buffer {
  return emptyBlock(session, seq);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await delay(20);
  }
  throw new Error("what was waited for did not come within 8 s");
}

async function listed(store: Store, under: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(under)) keys.push(key);
  return keys;
}

async function committedBy(metrics: { text(): Promise<string> }): Promise<number> {
  return Number(/blocks_total\{result="committed"\} (\d+)/.exec(await metrics.text())?.[1] ?? 0);
}

/** The same bus, said to be open to other processes. */
function withFacts(bus: Bus): Bus {
  return new Proxy(bus, {
    get(target, name) {
      if (name === "facts") return { ...target.facts, isPrivate: false };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The same store, telling of each read whether a range was asked for. */
function watchGets(store: Store, tell: (key: string, isRange: boolean) => void): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === "get") {
        return (...[key, range]: Parameters<Store["get"]>) => {
          tell(key, range !== undefined);
          return target.get(key, range);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
