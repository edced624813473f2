import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { partitionOf } from "@wayward/bus";
import type { Client, ClientRecord } from "@wayward/client";
import { newSessionId, sessionText } from "@wayward/record";
import { type Seeded, seededSession } from "./testing/seeded.ts";
import { PARTITIONS, Served } from "./testing/served.ts";

async function all(answer: AsyncIterable<ClientRecord>): Promise<string[]> {
  const places: string[] = [];
  for await (const { session, lane, eventNo } of answer) places.push(`${session} ${lane.number} ${eventNo}`);
  return places;
}

describe("pages and states while the archive changes", () => {
  const [first, doomed, growing, later] = [
    seededSession(21, { blocks: 6 }),
    seededSession(22, { blocks: 6 }),
    seededSession(23, { blocks: 8 }),
    seededSession(24, { blocks: 4 }),
  ] as const;
  let served: Served;
  let client: Client;

  const publish = ({ text }: Seeded, from = 0, until = 1000) => {
    const session = [first, doomed, growing, later].find((one) => one.text === text)!;
    return served.publish(session, session.blocks.slice(from, until));
  };
  const archiveAll = (keepBytes = 0) => {
    const hasExpired = async () => keepBytes === 0 || (await client.session(first.text)).state === 5;
    return served.archiveAll({ keepBytes, until: hasExpired });
  };

  beforeAll(async () => {
    served = await Served.open("pages");
    client = await served.serve();
    await publish(first);
    await publish(doomed, 0, 6);
    await publish(growing, 0, 2);
    await archiveAll();
    await publish(growing, 2, 4);
  });
  afterAll(async () => {
    await served.close();
  });

  test("a page goes on where it was, on what was there then, whatever was added, archived and deleted since", async () => {
    for (const [reverse, form] of [
      [false, "rows"],
      [true, "blocks"],
    ] as const) {
      const options = { reverse, form };
      const whole = await all(client.read(options));
      const page = client.read({ ...options, limit: 301 });
      const had = await all(page);
      const { coverage } = page;
      if (!reverse) await publish(later, 0, 2);
      else await publish(growing, 4, 6);
      await archiveAll();
      const rest = client.read({ ...options, pageToken: page.pageToken });
      expect([...had, ...(await all(rest))]).toEqual(whole);
      expect(rest.coverage?.snapshot).toEqual(coverage?.snapshot);
      expect((await all(client.read(options))).length).toBeGreaterThan(whole.length);
    }
    const whole = await all(client.read());
    const page = client.read({ limit: 100 });
    const had = await all(page);
    await client.delete(doomed.text);
    const rest = await all(client.read({ pageToken: page.pageToken }));
    expect(rest).toEqual(whole.slice(had.length).filter((place) => !place.startsWith(doomed.text)));
    // Whoever went on hears of it; new answers do not rest on it, unless it is asked for.
    const goneOn = client.read({ pageToken: page.pageToken });
    const anew = client.read();
    const named = client.read({ sessions: [doomed.text] });
    for (const answer of [goneOn, anew, named]) await all(answer);
    const tells = ({ coverage }: typeof anew) => coverage?.gaps.some(({ cause }) => cause === 4);
    expect([goneOn, anew, named].map(tells)).toEqual([true, false, true]);
    expect((await client.count()).coverage?.sessions).toBe(anew.coverage?.sessions);
  });

  test("a session that is deleted is not listed, and tells what bytes it has left", async () => {
    const listed: string[] = [];
    for await (const { session } of client.find()) listed.push(sessionText(session));
    expect(listed).not.toContain(doomed.text);
    const found = await client.session(doomed.text);
    expect(found.state).toBe(4);
    // Its chunk is shared with sessions that live.
    expect(found.bytesPending).toBe(BigInt(doomed.blocks.reduce((sum, { length }) => sum + length, 0)));
  });

  test("a session that has ended can be deleted before the archive knows its end, an open one only by force", async () => {
    const options = [{ blocks: 2 }, { blocks: 1, ends: false }];
    const [ended, open] = options.map((option, at) => seededSession(27 + at, { ...option, name: "brief" })) as [
      Seeded,
      Seeded,
    ];
    for (const session of [ended, open]) await served.publish(session, session.blocks);
    await client.delete(ended.text);
    expect((await client.session(ended.text)).state).toBe(4);
    await expect(client.delete(open.text)).rejects.toMatchObject({ reason: "SESSION_OPEN" });
    await client.delete(open.text, true);
    const left = client.read({ sessions: [ended.text, open.text] });
    expect(await all(left)).toEqual([]);
    expect(left.coverage?.gaps.map(({ cause }) => cause)).toEqual([4, 4]);
  });

  test("a session without an end is silent once it has said nothing for a minute", async () => {
    expect((await client.session(growing.text)).state).toBe(3);
    const fresh = newSessionId(Date.now());
    const { blocks } = seededSession(25, { blocks: 1, ends: false, id: fresh });
    await served.publish({ id: fresh, text: sessionText(fresh) }, blocks);
    expect((await client.session(sessionText(fresh))).state).toBe(1);
    const inState = async (...states: (1 | 2 | 3 | 4)[]) => {
      const texts: string[] = [];
      for await (const { session } of client.find({}, undefined, states)) texts.push(sessionText(session));
      return texts;
    };
    expect(await inState(1)).toEqual([sessionText(fresh)]);
    expect(await inState(3)).toContain(growing.text);
    expect(await inState(4)).toEqual([]);
    expect(await inState(1, 2, 3)).toEqual(await inState());
  });

  test("a token that retention has outlived is refused, with what still works", async () => {
    const page = client.read({ limit: 10 });
    await all(page);
    // What the archiver commits makes it look at its size.
    const next = Array.from({ length: 20 }, (_, at) => seededSession(30 + at, { blocks: 1 })).find(
      ({ id }) => partitionOf(id, PARTITIONS) === partitionOf(first.id, PARTITIONS),
    )!;
    await served.publish(next, next.blocks);
    await archiveAll(10);
    const outlived = await all(client.read({ pageToken: page.pageToken })).catch((error: unknown) => error);
    expect(outlived).toMatchObject({
      code: "OUT_OF_RANGE",
      reason: "PAGE_EXPIRED",
      message: expect.stringMatching(/has lost session \w+ to retention; the oldest that works is entry \d+/),
    });
    const gone = client.read({ sessions: [first.text] });
    expect(await all(gone)).toEqual([]);
    expect(gone.coverage).toMatchObject({ complete: false, gaps: [{ cause: 5 }] });
  });

  test("a token of another archive is refused", async () => {
    const page = client.read({ names: ["app-23"], limit: 1 });
    await all(page);
    await expect(all(client.read({ names: ["app-24"], pageToken: page.pageToken }))).rejects.toMatchObject({
      reason: "BAD_TOKEN",
    });
  });

  test("a session that retention took and that goes on is shown from there on, and what went is told", async () => {
    const goesOn = seededSession(60, { blocks: 6, ends: false });
    await served.publish(goesOn, goesOn.blocks.slice(0, 2));
    await served.archiveAll();
    const page = client.read({ sessions: [goesOn.text], limit: 1 });
    await all(page);
    const silent = seededSession(61, { blocks: 1 });
    await served.publish(silent, silent.blocks);
    await served.archiveAll({
      keepBytes: 10,
      silentMs: 0,
      until: async () => (await client.session(goesOn.text)).state === 5,
    });
    const shown = async () => {
      const answer = client.read({ sessions: [goesOn.text] });
      const records = await all(answer);
      const gaps = answer.coverage?.gaps.filter(({ cause }) => cause !== 6) ?? [];
      return { records, gaps: gaps.map(({ cause, firstSeq, lastSeq }) => [cause, firstSeq, lastSeq]) };
    };
    expect(await shown()).toEqual({ records: [], gaps: [[5, 0n, 0n]] });
    await served.publish(goesOn, goesOn.blocks.slice(2));
    // The bus has it, then the archive.
    const onBus = await shown();
    expect(onBus.records.length).toBeGreaterThan(100);
    expect(onBus.gaps).toEqual([[5, 0n, 1n]]);
    await served.archiveAll();
    expect(await shown()).toEqual(onBus);
    expect((await client.session(goesOn.text)).state).toBe(3);
    await expect(all(client.read({ sessions: [goesOn.text], pageToken: page.pageToken }))).rejects.toMatchObject({
      reason: "PAGE_EXPIRED",
    });
  });
});
