import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { selection } from "@wayward/api";
import { delay } from "@wayward/base";
import { type Bus, openEmbeddedBus, partitionOf } from "@wayward/bus";
import { loadPartition } from "@wayward/chunk";
import { connect, type Seen, type WatchOptions } from "@wayward/client";
import { createLog, createMetrics, type Serving, serve } from "@wayward/service-kit";
import { openStore, partitionKeys, type Store } from "@wayward/store";
import { startStream } from "./start.ts";
import { archiveAll } from "./testing/archive.ts";
import { Notes } from "./testing/notes.ts";

const { GapCause } = selection;
const PARTITIONS = 2;
const log = createLog("error");

describe("an observation", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-stream-"));
  let bus: Bus;
  let store: Store;
  let serving: Serving;

  const start = (port = 0) => {
    const metrics = createMetrics();
    const parts = [startStream({ bus, store, partitions: PARTITIONS, log, metrics })];
    return serve({ host: "127.0.0.1", port, httpPort: 0, parts, log, metrics });
  };
  const publish = async (notes: Notes, blocks: readonly Buffer[]) => {
    for (const block of blocks) {
      await bus.publish(partitionOf(notes.id, PARTITIONS), { tenant: "default", session: notes.text }, block);
    }
  };
  /** Archives everything that the bus holds. */
  const archive = () => archiveAll(bus, store, PARTITIONS);
  const many = (notes: Notes, count: number) => notes.many(count);
  const watch = (options: WatchOptions) => {
    const client = connect({ server: serving.address });
    const stop = new AbortController();
    const seen: Seen[] = [];
    const watching = client.watch({ ...options, signal: stop.signal });
    const done = (async () => {
      for await (const one of watching) seen.push(one);
    })();
    const texts = () => seen.flatMap((one) => (one.type === "record" ? [one.record.text] : []));
    const until = async (holds: () => boolean) => {
      for (let tries = 0; tries < 800 && !holds(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
      expect({ holds: holds(), texts: texts().slice(-5), seen: seen.length }).toMatchObject({ holds: true });
    };
    const end = async () => {
      stop.abort();
      await done;
      client.close();
    };
    return { seen, texts, until, end, watching };
  };
  const named = (from: number, until: number) => Array.from({ length: until - from }, (_, index) => `n${from + index}`);

  beforeAll(async () => {
    bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: PARTITIONS });
    store = await openStore(`file://${folder}/store`);
    serving = await start();
  });
  afterAll(async () => {
    await serving.stop();
    await bus.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test("runs from the archive over the bus into what comes, each record once, names known", async () => {
    const notes = new Notes("history");
    await publish(notes, many(notes, 100));
    await archive();
    await publish(notes, many(notes, 20));
    const { until, texts, seen, end } = watch({ names: ["history"], start: "first" });
    await until(() => texts().length === 120);
    await publish(notes, many(notes, 30));
    await until(() => texts().length === 150);
    expect(texts()).toEqual(named(0, 150));
    const live = seen.findIndex(({ type }) => type === "live");
    expect(seen.slice(0, live).filter(({ type }) => type === "record")).toHaveLength(120);
    expect(seen.filter(({ type }) => type === "gap")).toEqual([]);
    await end();
  });

  test("from now on shows only what is new, of the chosen sessions", async () => {
    const [wanted, other] = [new Notes("wanted"), new Notes("other")];
    await publish(wanted, many(wanted, 70));
    const { until, texts, seen, end } = watch({ names: ["wan*"], where: 'text ~ "5"' });
    await until(() => seen.some(({ type }) => type === "live"));
    await publish(other, many(other, 20));
    await publish(wanted, many(wanted, 20));
    await until(() => texts().length === 2);
    expect(texts()).toEqual(["n75", "n85"]);
    await end();
  });

  test("goes on behind its cursor after the server was away, and after everything was archived meanwhile", async () => {
    const notes = new Notes("resumed");
    await publish(notes, many(notes, 40));
    const first = watch({ names: ["resumed"], start: "first" });
    await first.until(() => first.texts().length === 40);
    // A cursor comes at most a second later.
    await new Promise((resolve) => setTimeout(resolve, 1600));
    const port = Number(serving.address.split(":")[1]);
    await serving.stop();
    await publish(notes, many(notes, 40));
    await archive();
    await publish(notes, many(notes, 40));
    serving = await start(port);
    await first.until(() => first.texts().length >= 120);
    expect(first.texts()).toEqual(named(0, 120));
    const { cursor } = first.watching;
    await first.end();
    await publish(notes, many(notes, 5));
    const second = watch({ names: ["resumed"], start: cursor });
    await second.until(() => second.texts().includes("n124"));
    expect(second.texts().slice(-5)).toEqual(named(120, 125));
    await second.end();
  }, 60_000);

  test("sends nothing behind its cursor twice where the log was looked at just before it was archived", async () => {
    const other = watch({ names: ["nobody"] });
    await other.until(() => other.seen.some(({ type }) => type === "live"));
    // Its first tick looks at the log, which is known for a second then.
    await delay(300);
    const notes = new Notes("fresh");
    await publish(notes, many(notes, 3));
    await archive();
    const first = watch({ names: ["fresh"], start: "first" });
    await first.until(() => first.seen.some(({ type }) => type === "live"));
    await publish(notes, many(notes, 3));
    await first.until(() => first.texts().length === 6);
    // A cursor comes at most a second later.
    await delay(1600);
    const { cursor } = first.watching;
    await first.end();
    await other.end();
    await publish(notes, many(notes, 1));
    const second = watch({ names: ["fresh"], start: cursor });
    await second.until(() => second.texts().length > 0);
    expect(second.seen.filter(({ type }) => type !== "live")).toMatchObject([{ record: { text: "n6" } }]);
    await second.end();
  });

  test("tells a missing block after a second, and fills it when it comes", async () => {
    const notes = new Notes("holey");
    const blocks = many(notes, 6);
    const { until, texts, seen, end } = watch({ names: ["holey"], start: "first" });
    await until(() => seen.some(({ type }) => type === "live"));
    await publish(notes, [...blocks.slice(0, 2), ...blocks.slice(3)]);
    await until(() => seen.some(({ type }) => type === "gap"));
    expect(texts()).toEqual(["n0", "n1", "n3", "n4", "n5"]);
    expect(seen.find(({ type }) => type === "gap")).toMatchObject({ gap: { firstSeq: 2n, lastSeq: 2n, cause: 1 } });
    await publish(notes, [blocks[2]!, blocks[2]!]);
    await until(() => seen.some(({ type }) => type === "fill"));
    const fills = seen.filter(({ type }) => type === "fill");
    expect(fills).toMatchObject([{ seq: 2n, records: [{ text: "n2" }] }]);
    await end();
  });

  test.each([
    ["before anybody watched", "lost", false],
    ["when its footer was read", "passing", true],
  ])("tells a chunk that the store has lost %s, and goes on behind it", async (_, name, known) => {
    const notes = new Notes(name);
    for (const part of [many(notes, 3), many(notes, 4), many(notes, 3)]) {
      await publish(notes, part);
      await archive();
    }
    const early = known ? watch({ names: [name] }) : undefined;
    await early?.until(() => early.seen.some(({ type }) => type === "live"));
    await publish(notes, many(notes, 2));
    // What the blocks before have defined is in the footers.
    await early?.until(() => early.texts().length === 2);
    await early?.end();
    const state = await loadPartition(store, partitionKeys("default", partitionOf(notes.id, PARTITIONS)));
    await store.remove([state.sessions.get(notes.text)!.places[1]!.chunk!.key]);
    const gaps = (seen: readonly Seen[]) => seen.filter(({ type }) => type === "gap");
    const lost = { type: "gap", gap: { firstSeq: 3n, lastSeq: 6n, cause: GapCause.GAP_CAUSE_CHUNK_MISSING } };
    const { until, texts, seen, end, watching } = watch({ names: [name], start: "first" });
    await until(() => seen.some(({ type }) => type === "live"));
    await publish(notes, many(notes, 3));
    await until(() => texts().includes("n14"));
    expect(texts()).toEqual([...named(0, 3), ...named(7, 15)]);
    expect(gaps(seen)).toMatchObject([lost]);
    // A cursor comes at most a second later.
    await delay(1600);
    const { cursor } = watching;
    await end();
    await publish(notes, many(notes, 1));
    const second = watch({ names: [name], start: cursor });
    await second.until(() => second.texts().length > 0);
    expect(second.seen.filter(({ type }) => type !== "live")).toMatchObject([{ record: { text: "n15" } }]);
    await second.end();
  });

  test("fills a session that is over, with the names that its epoch has defined", async () => {
    const notes = new Notes("over");
    const blocks = [...many(notes, 5), notes.end()];
    const { until, texts, seen, end } = watch({ names: ["over"], start: "first" });
    await until(() => seen.some(({ type }) => type === "live"));
    await publish(notes, [...blocks.slice(0, 2), ...blocks.slice(3)]);
    await until(() => texts().length === 4);
    await publish(notes, [blocks[2]!]);
    await until(() => seen.some(({ type }) => type === "fill"));
    const [fill] = seen.filter(({ type }) => type === "fill");
    expect(fill).toMatchObject({ seq: 2n, records: [{ kind: "note.text", text: "n2", lane: { name: "main" } }] });
    await end();
  });

  test("tells a jump to any seq as one gap, in history and live, and goes on", async () => {
    const [far, last] = [2n ** 40n, 2n ** 64n - 1n];
    const notes = new Notes("jump");
    await publish(notes, [notes.block(), notes.jumpTo(far).block()]);
    const { until, texts, seen, end } = watch({ names: ["jump"], start: "first" });
    await until(() => seen.some(({ type }) => type === "live"));
    await publish(notes, [notes.jumpTo(last).block()]);
    await until(() => texts().length === 3);
    expect(texts()).toEqual(named(0, 3));
    expect(seen.flatMap((one) => (one.type === "gap" ? [[one.gap.firstSeq, one.gap.lastSeq]] : []))).toEqual([
      [1n, far - 1n],
      [far + 1n, last - 1n],
    ]);
    await end();
  });
});
