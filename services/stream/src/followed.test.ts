import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { selection, stream } from "@wayward/api";
import { createDeferred, delay, unwrap } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { type Bus, openEmbeddedBus } from "@wayward/bus";
import { Catalogue } from "@wayward/reader";
import { createLog } from "@wayward/service-kit";
import { openStore, type Store } from "@wayward/store";
import { type TempFolder, tempFolder, until } from "@wayward/testing";
import { LogView } from "./log-view.ts";
import { Observation, type ObservationOptions } from "./observe.ts";
import { Relay } from "./relay.ts";
import { archiveAll, expireAll } from "./testing/archive.ts";
import { Notes } from "./testing/notes.ts";

/** The log is looked at every 10 s. */
const SOON = { withinMs: 15_000, everyMs: 20 };

/** Sessions of so many blocks, the end with them. */
const ended = (name: string, count: number, blocks = 3) =>
  Array.from({ length: count }, (_, index) => {
    const notes = new Notes(`${name}${index}`);
    return { notes, blocks: [...notes.many(blocks - 1), notes.end()] };
  });

type Ended = ReturnType<typeof ended>[number];

interface Reading {
  readonly cursor?: Buffer;
  /** The next message is asked for once it resolves. */
  readonly reads?: (live: boolean) => Promise<void>;
}

describe("sessions that are over", () => {
  let folder: TempFolder;
  let bus: Bus;
  let store: Store;
  let stopped: AbortController;
  let running: Promise<void>[];

  const publish = async (notes: Notes, blocks: readonly Buffer[]) => {
    for (const block of blocks) await bus.publish(0, { tenant: "default", session: notes.text }, block);
  };
  const publishAll = async (sessions: readonly Ended[]) => {
    for (const { notes, blocks } of sessions) await publish(notes, blocks);
  };
  const observe = (
    start: stream.Start,
    options: ObservationOptions = {},
    { cursor = Buffer.alloc(0), reads = async () => {} }: Reading = {},
  ) => {
    const catalogue = new Catalogue({ bus, store, partitions: 1, tenant: "default" });
    const relay = new Relay(bus, createLog("error"));
    const source = { bus, relay, catalogue, log: new LogView(store, "default"), partitions: 1, tenant: "default" };
    const request = stream.ObserveRequest.fromPartial({ start, cursor, form: selection.Form.FORM_BLOCKS });
    const observation = new Observation(source, request, options);
    /** Blocks as they were shown, `fill` before those that came late. */
    const shown: string[] = [];
    const gaps: selection.Gap[] = [];
    const seen = { live: false, named: 0, cursors: [] as { at: number; cursor: Buffer }[] };
    const run = async () => {
      for await (const { part, cursor } of observation.run(stopped.signal)) {
        const isFill = part?.$case === "fill";
        const batch = isFill ? part.value.blocks : part?.$case === "blocks" ? part.value : undefined;
        seen.named += batch?.sessions.length ?? 0;
        for (const { block } of batch?.blocks ?? []) {
          const { description, seq } = unwrap(parseEnvelope(block)).header;
          shown.push(`${isFill ? "fill " : ""}${description?.name ?? ""}/${seq}`);
        }
        if (part?.$case === "gap") gaps.push(part.value);
        seen.live ||= part?.$case === "live";
        if (cursor.length > 0) seen.cursors.push({ at: shown.length, cursor });
        await reads(seen.live);
      }
    };
    running.push(run());
    return { observation, relay, shown, gaps, seen };
  };

  beforeEach(async () => {
    folder = await tempFolder("followed");
    bus = openEmbeddedBus({ path: `${folder.path}/bus`, partitions: 1 });
    store = await openStore(`file://${folder.path}/store`);
    [stopped, running] = [new AbortController(), []];
  });
  afterEach(async () => {
    stopped.abort();
    await Promise.all(running);
    await bus.close();
    await store.close();
    await folder.remove();
  });

  test("are forgotten once the log has them, those from before as well as those that came", async () => {
    await publishAll(ended("old", 30));
    await archiveAll(bus, store, 1);
    const { observation, shown, seen } = observe(stream.Start.START_FIRST);
    await until("live", () => seen.live, SOON);
    expect(shown).toHaveLength(90);
    expect(observation.followed).toBe(0);
    await publishAll(ended("new", 30));
    await until("shown", () => shown.length === 180, SOON);
    expect(observation.followed).toBe(30);
    await archiveAll(bus, store, 1);
    await until("forgotten", () => observation.followed === 0, SOON);
  }, 60_000);

  test("are not even met by an observer of what is new, nor by the live analyses, which see what runs", async () => {
    await publishAll(ended("old", 30));
    const runs = new Notes("runs");
    await publish(runs, runs.many(2));
    await archiveAll(bus, store, 1);
    const now = observe(stream.Start.START_NOW_UNSPECIFIED);
    const passesOver: ObservationOptions["passesOver"] = ({ end }) => end !== undefined;
    const analysis = observe(stream.Start.START_FIRST, { passesOver, resumes: false });
    await until("live", () => now.seen.live && analysis.seen.live, SOON);
    await publish(runs, [runs.block()]);
    await until("shown", () => now.shown.length === 1 && analysis.shown.length === 3, SOON);
    expect([now.observation.followed, analysis.observation.followed]).toEqual([1, 1]);
  }, 60_000);

  test("are shown whole to one who waited while a batch was archived in parts, live and behind each cursor", async () => {
    const goOn = createDeferred<void>();
    const reads = (live: boolean) => (live ? goOn.promise : Promise.resolve());
    const { relay, shown, seen } = observe(stream.Start.START_FIRST, {}, { reads });
    await until("live", () => seen.live, SOON);
    const [one, other] = ended("one", 2) as [Ended, Ended];
    const impostor = new Notes("impostor", "", other.notes.id);
    await publishAll([one, other]);
    await publish(impostor, impostor.many(1));
    await until("fed", () => relay.upTo(0) === 7n, SOON);
    await archiveAll(bus, store, 1, 500);
    // Long enough that a heartbeat with a cursor is due at once, before what waits.
    await delay(5_100);
    goOn.resolve();
    const all = ["one0/0", "/1", "/2", "one1/0", "/1", "/2"];
    await until("shown", () => shown.length >= all.length, SOON);
    expect(shown).toEqual(all);
    const early = seen.cursors.filter(({ at }) => at === 0).at(-1)!;
    const again = observe(stream.Start.START_CURSOR, {}, early);
    await until("live again", () => again.seen.live, SOON);
    expect(again.shown.toSorted()).toEqual(all.toSorted());
  }, 60_000);

  test("show nothing twice where a copy of a block comes, and a late block in its place", async () => {
    const [{ notes, blocks }] = ended("holey", 1, 5) as [Ended];
    const { observation, shown, seen } = observe(stream.Start.START_NOW_UNSPECIFIED);
    await until("live", () => seen.live, SOON);
    await publish(notes, [blocks[0]!, blocks[1]!, blocks[3]!, blocks[4]!]);
    await until("shown", () => shown.length === 4, SOON);
    await archiveAll(bus, store, 1);
    await until("forgotten", () => observation.followed === 0, SOON);
    // The relay knows copies of the last 8,192 blocks; of others the observer must know itself.
    const others = new Notes("others");
    const flood = others.many(8_200).map((block) => bus.publish(0, { tenant: "other", session: others.text }, block));
    await Promise.all(flood);
    await publish(notes, [blocks[3]!, blocks[2]!, blocks[4]!]);
    await until("filled", () => shown.length === 5, SOON);
    const last = new Notes("last");
    await publish(last, last.many(1));
    await until("shown", () => shown.length === 6, SOON);
    expect(shown).toEqual(["holey0/0", "/1", "/3", "/4", "fill /2", "last/0"]);
    expect([seen.named, observation.followed]).toEqual([3, 2]);
  }, 60_000);

  test("are followed anew where they had expired and speak again, and what went is told to who lacks it", async () => {
    const [known, unknown] = [new Notes("known"), new Notes("unknown")];
    const sessions = [known, unknown];
    await publish(known, known.many(2));
    await archiveAll(bus, store, 1);
    const { observation, shown, seen } = observe(stream.Start.START_NOW_UNSPECIFIED);
    await until("live", () => seen.live, SOON);
    await publish(unknown, unknown.many(2));
    await until("shown", () => shown.length === 2, SOON);
    await archiveAll(bus, store, 1);
    await expireAll(bus, store);
    await until("forgotten", () => observation.followed === 0, SOON);
    for (const notes of sessions) await publish(notes, [notes.block()]);
    await until("shown", () => shown.length === 4, SOON);
    await archiveAll(bus, store, 1);
    for (const notes of sessions) await publish(notes, [notes.block()]);
    await until("shown", () => shown.length === 6, SOON);
    expect(shown).toEqual(["unknown/0", "/1", "/2", "/2", "/3", "/3"]);
    const later = observe(stream.Start.START_FIRST);
    await until("live", () => later.seen.live, SOON);
    expect(later.shown.toSorted()).toEqual(["/2", "/2", "/3", "/3"]);
    const told = { cause: selection.GapCause.GAP_CAUSE_EXPIRED, firstSeq: 0n, lastSeq: 1n };
    expect(later.gaps).toMatchObject([told, told]);
  }, 60_000);
});
