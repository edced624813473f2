import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { present } from "@wayward/base";
import type { Address, Bus, BusMessage, Stored, TopicValue } from "./port.ts";

const SESSIONS = ["0".repeat(26), `${"0".repeat(25)}1`, `${"0".repeat(25)}2`];
const address = (index: number) => ({ tenant: "default", session: SESSIONS[index % SESSIONS.length]! });
const bytes = (text: string) => Buffer.from(text);

/** A bus under test, and what its tests may do to it. */
export interface BusUnderTest {
  /** Opens the bus, with what it held when it was closed last. */
  open(): Promise<Bus>;
  /** Takes a partition away, with all it holds, while the bus is open. */
  readonly lose?: (partition: number) => Promise<void>;
  /** Ends what stands behind it. */
  stop(): Promise<void>;
}

/** The first `count` messages from there. */
export async function takeMessages(bus: Bus, partition: number, from: bigint, count: number): Promise<BusMessage[]> {
  const messages: BusMessage[] = [];
  const stop = new AbortController();
  for await (const message of bus.read(partition, from, stop.signal)) {
    messages.push(message);
    if (messages.length === count) break;
  }
  stop.abort();
  return messages;
}

/**
 * Declares the tests that every bus passes. Each uses a partition of its own.
 * `neverLost` says why there is no `lose`: what needs it is skipped, and the
 * reason shown.
 */
export function describeBus(name: string, create: () => Promise<BusUnderTest>, neverLost?: string): void {
  const testOfLoss = neverLost === undefined ? test : test.skip;
  const because = neverLost === undefined ? "" : ` (${neverLost})`;
  describe(`the bus contract: ${name}`, () => {
    let under: BusUnderTest;
    let bus: Bus;
    beforeAll(async () => {
      under = await create();
      bus = await under.open();
    }, 60_000);
    afterAll(async () => {
      await bus?.close();
      await under?.stop();
    });

    test("numbers messages from 1 without holes and gives them back in order, byte for byte", async () => {
      const bodies = Array.from({ length: 120 }, (_, index) => Buffer.alloc(1 + index * 997, index));
      const stored = await Promise.all(bodies.map((body, index) => bus.publish(0, address(index), body)));
      expect(stored.map(({ busSeq }) => busSeq).sort((a, b) => Number(a - b))).toEqual(
        bodies.map((_, index) => BigInt(index + 1)),
      );
      expect(new Set(stored.map(({ incarnation }) => incarnation))).toEqual(new Set([bus.incarnation(0)]));
      const messages = await takeMessages(bus, 0, 1n, bodies.length);
      for (const [index, { busSeq, address: from, body }] of messages.entries()) {
        expect(busSeq).toBe(BigInt(index + 1));
        const published = stored.findIndex((one) => one.busSeq === busSeq);
        expect(from).toEqual(address(published));
        expect(Buffer.compare(body, bodies[published]!)).toBe(0);
      }
      expect(await bus.bounds(0)).toEqual({ first: 1n, last: BigInt(bodies.length) });
    });

    test("keeps the order of one publisher that does not wait", async () => {
      const stored = Array.from({ length: 300 }, (_, index) => bus.publish(1, address(0), bytes(`m${index}`)));
      await Promise.all(stored);
      const messages = await takeMessages(bus, 1, 1n, 300);
      expect(messages.map(({ body }) => Buffer.from(body).toString())).toEqual(
        Array.from({ length: 300 }, (_, index) => `m${index}`),
      );
    });

    test("goes on from what is stored into what comes", async () => {
      await bus.publish(2, address(0), bytes("before"));
      const both = takeMessages(bus, 2, 1n, 2);
      setTimeout(() => void bus.publish(2, address(1), bytes("after")), 50);
      expect((await both).map(({ body }) => Buffer.from(body).toString())).toEqual(["before", "after"]);
    });

    test("purges up to a sequence and goes on counting", async () => {
      for (let index = 0; index < 5; index++) await bus.publish(3, address(index), bytes(`p${index}`));
      await bus.purge(3, 3n);
      expect(await bus.bounds(3)).toEqual({ first: 4n, last: 5n });
      expect((await takeMessages(bus, 3, 1n, 2)).map(({ busSeq }) => busSeq)).toEqual([4n, 5n]);
      await new Promise((resolve) => setTimeout(resolve, 60));
      const { messages, bytes: held, bytesMax, oldestMs } = await bus.usage(3);
      expect(messages).toBe(2);
      expect(oldestMs).toBeGreaterThanOrEqual(50);
      expect(oldestMs).toBeLessThan(20_000);
      expect(held).toBeGreaterThanOrEqual(4);
      expect(bytesMax).toBeGreaterThan(held);
      await bus.purge(3, 5n);
      expect(await bus.usage(3)).toEqual({ messages: 0, bytes: 0, bytesMax, oldestMs: 0 });
      expect(await bus.bounds(3)).toEqual({ first: 6n, last: 5n });
      expect((await bus.publish(3, address(0), bytes("next"))).busSeq).toBe(6n);
    });

    testOfLoss(
      `a partition made anew while it is read ends the reading, and begins again with 1${because}`,
      async () => {
        for (let index = 0; index < 3; index++) await bus.publish(3, address(0), bytes(`old${index}`));
        const before = bus.incarnation(3);
        const read: string[] = [];
        const reading = (async () => {
          for await (const { body } of bus.read(3, 1n, new AbortController().signal)) {
            read.push(Buffer.from(body).toString());
          }
        })();
        const ended = reading.then(
          () => "ended",
          (error: unknown) => error,
        );
        await eventually(() => read.includes("old2"));
        const seen = read.length;
        await present(under.lose, "a way to lose a partition")(3);
        const stored = await publishAgain(bus, 3, address(0), bytes("new"));
        expect(await ended).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("made anew") });
        expect(read).toHaveLength(seen);
        expect(stored).toEqual({ busSeq: 1n, incarnation: bus.incarnation(3) });
        expect(bus.incarnation(3)).not.toBe(before);
        const [first] = await takeMessages(bus, 3, 1n, 1);
        expect([first!.busSeq, Buffer.from(first!.body).toString()]).toEqual([1n, "new"]);
      },
      30_000,
    );

    test("lets others hear messages early, and announcements", async () => {
      const heard: string[] = [];
      const listening = await bus.listen(0, ({ session }, body) => heard.push(`${session} ${Buffer.from(body)}`));
      const announced: string[] = [];
      const hearing = await bus.hear("accepted-0", (body) => announced.push(Buffer.from(body).toString()));
      await bus.publish(0, address(1), bytes("early"));
      bus.announce("accepted-0", bytes("done"));
      await eventually(() => heard.length === 1 && announced.length === 1);
      expect(heard).toEqual([`${SESSIONS[1]} early`]);
      expect(announced).toEqual(["done"]);
      await listening.close();
      await hearing.close();
    });

    test("topics hold the last value, and set by revision only where it fits", async () => {
      const { topics } = bus;
      expect(await topics.get("state/one")).toBeUndefined();
      const first = await topics.set("state/one", bytes("a"), 0n);
      expect(first).not.toBe("changed");
      expect(await topics.set("state/one", bytes("b"), 0n)).toBe("changed");
      const second = await topics.set("state/one", bytes("c"), first as bigint);
      expect(await topics.get("state/one")).toMatchObject({ name: "state/one", revision: second });
      expect(Buffer.from((await topics.get("state/one"))!.value).toString()).toBe("c");
      const racing = await Promise.all(
        [1, 2, 3, 4].map((racer) => topics.set("state/one", bytes(String(racer)), second as bigint)),
      );
      expect(racing.filter((outcome) => outcome !== "changed")).toHaveLength(1);
    });

    test("topics are watched from what they are into what they become", async () => {
      await bus.topics.set("watermark/aa", bytes("1"));
      const stop = new AbortController();
      const seen: string[] = [];
      const watching = (async () => {
        for await (const { name: topic, value } of bus.topics.watch(
          "watermark",
          stop.signal,
        ) as AsyncIterable<TopicValue>) {
          seen.push(`${topic}=${Buffer.from(value)}`);
        }
      })();
      await eventually(() => seen.length === 1);
      await bus.topics.set("watermark/bb", bytes("2"));
      await bus.topics.set("other/cc", bytes("3"));
      await bus.topics.set("watermark/aa", bytes("4"));
      await eventually(() => seen.length === 3);
      stop.abort();
      await watching;
      expect(seen).toEqual(["watermark/aa=1", "watermark/bb=2", "watermark/aa=4"]);
    });

    test("keeps messages, topics and its incarnation when it is opened again", async () => {
      const incarnation = bus.incarnation(1);
      await bus.close();
      bus = await under.open();
      expect(bus.incarnation(1)).toBe(incarnation);
      expect(await bus.bounds(1)).toEqual({ first: 1n, last: 300n });
      expect((await bus.publish(1, address(0), bytes("again"))).busSeq).toBe(301n);
      expect((await bus.topics.get("watermark/aa"))?.value).toBeDefined();
    });
  });
}

/** Publishes as ingest's pushers do: again while the bus cannot say what becomes of it. */
async function publishAgain(bus: Bus, partition: number, to: Address, body: Uint8Array): Promise<Stored> {
  for (let tries = 0; ; tries++) {
    try {
      return await bus.publish(partition, to, body);
    } catch (error) {
      if (tries === 500) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Waits up to 5 s for what a test expects. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
}
