import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { BlockWriter, Stage } from "@wayward/block";
import { type Bus, openEmbeddedBus } from "@wayward/bus";
import { newSessionId, sessionText } from "@wayward/record";
import { type TempFolder, tempFolder } from "@wayward/testing";
import { Cache } from "./cache.ts";
import { Tail, type TailBodies } from "./tail.ts";

/** The same bus, one method of it in trouble. */
function withMethod<Name extends "bounds" | "read">(bus: Bus, name: Name, method: Bus[Name]): Bus {
  return new Proxy(bus, {
    get(target, asked) {
      if (asked === name) return method;
      const value: unknown = Reflect.get(target, asked, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("the tail of a partition", () => {
  let folder: TempFolder;
  let bus: Bus;
  const session = newSessionId(1);
  const address = { tenant: "default", session: sessionText(session) };
  const BLOCKS = 40;
  const sent: Uint8Array[] = [];

  beforeEach(async () => {
    folder = await tempFolder("tail");
    bus = openEmbeddedBus({ path: `${folder.path}/bus`, partitions: 1 });
    const writer = new BlockWriter({ session, description: api.SessionDescription.fromPartial({}) });
    sent.length = 0;
    const end = { cause: api.EndCause.END_CAUSE_CLEAN_UNSPECIFIED, uncertainMs: 0, exit: "" };
    while (sent.length < BLOCKS) sent.push(...writer.write(new Stage(64), end).map(({ bytes }) => bytes));
    for (const bytes of sent) await bus.publish(0, address, bytes);
  });
  afterEach(async () => {
    await bus.close();
    await folder.remove();
  });

  const bodies = (most = 1e6): TailBodies => new Cache(most, ({ bytes }) => bytes.length);
  const seqs = (tail: Tail) => tail.blocks.map(({ header }) => Number(header.seq));
  const all = Array.from({ length: BLOCKS }, (_, seq) => seq);

  test("loses nothing that came before reading failed", async () => {
    let fails = true;
    const failing = withMethod(bus, "read", async function* (...[partition, from, signal]: Parameters<Bus["read"]>) {
      for await (const message of bus.read(partition, from, signal)) {
        if (fails && message.busSeq === 30n) throw new Error("the server went away");
        yield message;
      }
    });
    const tail = new Tail(failing, 0, bodies());
    await expect(tail.refresh()).rejects.toThrow("went away");
    expect(tail.last).toBe(29n);
    expect(seqs(tail)).toEqual(all.slice(0, 29));
    fails = false;
    await tail.refresh();
    expect(seqs(tail)).toEqual(all);
  });

  test("does not wait for what was purged since it was counted", async () => {
    let purges = true;
    const purging = withMethod(bus, "bounds", async (partition) => {
      const bounds = await bus.bounds(partition);
      if (purges) await bus.purge(partition, bounds.last);
      purges = false;
      return bounds;
    });
    const tail = new Tail(purging, 0, bodies());
    const begunMs = performance.now();
    await tail.refresh();
    expect(performance.now() - begunMs).toBeLessThan(3_000);
    expect([tail.last, tail.blocks]).toEqual([40n, []]);
  });

  test("is never told short: what the bus has and does not give is an error", async () => {
    const stuck = withMethod(bus, "read", async function* (...[partition, from, signal]: Parameters<Bus["read"]>) {
      for await (const message of bus.read(partition, from, signal)) {
        if (message.busSeq < 30n) yield message;
      }
    });
    const tail = new Tail(stuck, 0, bodies());
    await expect(tail.refresh()).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "BUS_UNAVAILABLE" });
    expect(seqs(tail)).toEqual(all.slice(0, 29));
  }, 20_000);

  test("keeps what blocks are, and reads their bytes again where they do not all fit", async () => {
    let reads = 0;
    const counted = withMethod(bus, "read", (...args) => {
      reads++;
      return bus.read(...args);
    });
    const tail = new Tail(counted, 0, bodies(1));
    await tail.refresh();
    expect([reads, seqs(tail)]).toEqual([1, all]);
    for (const [index, block] of tail.blocks.entries()) {
      expect(Buffer.compare((await block.load()).bytes, sent[index]!)).toBe(0);
      expect(block.length).toBe(sent[index]!.length);
    }
    expect(reads).toBeGreaterThan(1);
    expect(reads).toBeLessThan(BLOCKS);
    const first = tail.blocks[0]!;
    await bus.purge(0, 20n);
    await expect(first.load()).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "TAIL_MOVED" });
  });
});
