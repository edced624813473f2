import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Answer, Client, ClientRecord, ReadOptions } from "@wayward/client";
import { seededSession } from "./testing/seeded.ts";
import { Served } from "./testing/served.ts";

async function all(answer: AsyncIterable<ClientRecord>): Promise<ClientRecord[]> {
  const records: ClientRecord[] = [];
  for await (const record of answer) records.push(record);
  return records;
}

const place = ({ session, lane, eventNo }: ClientRecord) => `${session} ${lane.number} ${eventNo}`;

describe("records in each form and order", () => {
  // The second has two epochs; its blocks 3 and 66 are lost, so names of its second epoch's begin are unknown.
  const made = [
    seededSession(1, { blocks: 5 }),
    seededSession(2, { blocks: 70, turns: 6, ends: false }),
    seededSession(3, { blocks: 3, name: "other" }),
  ];
  const lost = new Set(["2/3", "2/64"]);
  let served: Served;
  let client: Client;

  const kept = (seed: number, blocks: readonly Buffer[]) => blocks.filter((_, seq) => !lost.has(`${seed}/${seq}`));

  beforeAll(async () => {
    served = await Served.open("forms");
    for (const [at, session] of made.entries()) {
      await served.publish(session, kept(at + 1, session.blocks).slice(0, session.blocks.length >> 1));
      await served.archiveAll();
    }
    for (const [at, session] of made.entries()) {
      await served.publish(session, kept(at + 1, session.blocks).slice(session.blocks.length >> 1));
    }
    client = await served.serve();
  });
  afterAll(async () => {
    await served.close();
  });

  const SELECTIONS: readonly ReadOptions[] = [
    {},
    { reverse: true },
    { names: ["app-*"], kinds: ["lock", "zone.begin"] },
    { lanes: ["worker-*"], reverse: true },
    { where: "level >= warn and channel = http" },
    { where: "amount > 2500 or name = parse", reverse: true },
    { where: "duration > 800ns" },
    { where: "name = parse and duration > 0", kinds: ["zone.end"], reverse: true },
    { text: "took 7" },
    { text: "paid 3" },
    { limit: 57 },
    { limit: 1000, reverse: true, kinds: ["job", "shop"] },
    { sessions: [made[1]!.text], where: "not kind = nothing" },
  ];

  test.each(SELECTIONS)("blocks give the same records and coverage as rows: %j", async (options) => {
    const rows = client.read(options);
    const expected = await all(rows);
    const blocks = client.read({ ...options, form: "blocks" });
    expect(await all(blocks)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
    expect(blocks.coverage?.records).toEqual(rows.coverage?.records);
    expect(blocks.coverage?.complete).toBe(rows.coverage?.complete);
    expect(causes(blocks)).toEqual(causes(rows));
  });

  test("ends of zones have the names and durations that are counted", async () => {
    // Where a block is lost that began an epoch, only summaries know what ended.
    const sessions = [made[0]!.text, made[2]!.text];
    const ends = await all(client.read({ sessions, kinds: ["zone.end"] }));
    const sums = new Map<string, { count: bigint; sum: bigint }>();
    for (const { fields } of ends) {
      if (fields.duration === undefined) continue;
      const name = String(fields.name ?? "");
      const { count, sum } = sums.get(name) ?? { count: 0n, sum: 0n };
      sums.set(name, { count: count + 1n, sum: sum + (fields.duration as bigint) });
    }
    const { groups } = await client.count({ sessions, groupBy: ["zone"], measure: "duration" });
    expect(groups.length).toBeGreaterThan(3);
    expect(Object.fromEntries(sums)).toEqual(
      Object.fromEntries(groups.map(({ keys, count, sum }) => [keys[0], { count, sum }])),
    );
    const slow = await client.count({ sessions, groupBy: ["zone"], where: "duration > 2us" });
    const own = ends.filter(({ fields }) => ((fields.duration as bigint | undefined) ?? 0n) > 2_000n);
    expect(own.length).toBeGreaterThan(0);
    expect(slow.groups.reduce((sum, { count }) => sum + count, 0n)).toBe(BigInt(own.length));
  });

  test("a slice of time is the same in both forms, forward and backward", async () => {
    const everything = await all(client.read());
    for (const [from, until] of [
      [0.1, 0.2],
      [0.45, 0.5],
      [0.8, 1],
    ] as const) {
      const at = (share: number) => everything[Math.floor((everything.length - 1) * share)]!.aligned;
      const slice = { from: at(from), until: at(until) };
      const expected = everything.filter(({ aligned }) => aligned >= slice.from && aligned < slice.until);
      expect(await all(client.read(slice))).toEqual(expected);
      expect(await all(client.read({ ...slice, form: "blocks" }))).toEqual(expected);
      expect(await all(client.read({ ...slice, form: "blocks", reverse: true }))).toEqual([...expected].reverse());
    }
  });

  test.each([{}, { reverse: true }, { kinds: ["lock"] }])(
    "pages of blocks add up to the answer: %j",
    async (options) => {
      const whole = (await all(client.read(options))).map(place);
      const paged: string[] = [];
      let pageToken: Uint8Array | undefined;
      do {
        const page = client.read({ ...options, limit: 211, form: "blocks", ...(pageToken && { pageToken }) });
        paged.push(...(await all(page)).map(place));
        pageToken = page.pageToken;
      } while (pageToken.length > 0);
      expect(paged).toEqual(whole);
    },
  );

  test.each(["rows", "blocks"] as const)(
    "order of arrival has each record once, resumable anywhere, as %s",
    async (form) => {
      const selection = { kinds: ["lock", "log", "shop"] };
      const whole = await all(client.read({ ...selection, order: "arrival", form }));
      const inTime = await all(client.read(selection));
      expect(whole.map(place).sort()).toEqual(inTime.map(place).sort());
      // Lane by lane the numbers rise.
      const last = new Map<string, bigint>();
      for (const { session, lane, eventNo } of whole) {
        expect(eventNo).toBeGreaterThan(last.get(`${session} ${lane.number}`) ?? -1n);
        last.set(`${session} ${lane.number}`, eventNo);
      }
      const resumed: ClientRecord[] = [];
      let cursor: Uint8Array = new Uint8Array(0);
      for (let limit = 1; ; limit = (limit * 7) % 1009) {
        const page = client.read({ ...selection, order: "arrival", form, limit, ...(cursor.length > 0 && { cursor }) });
        const before = resumed.length;
        resumed.push(...(await all(page)));
        cursor = page.cursor;
        if (resumed.length === before) break;
      }
      expect(resumed).toEqual(whole);
    },
  );

  test("a cursor of arrival goes on where Observe is, and the other way", async () => {
    const selection = { sessions: [made[0]!.text] };
    const first = client.read({ ...selection, order: "arrival" });
    const had = await all(first);
    expect(had).toHaveLength(made[0]!.records);
    expect(await all(client.read({ ...selection, cursor: first.cursor }))).toEqual([]);
    await expect(all(client.read({ cursor: first.cursor }))).rejects.toMatchObject({ reason: "BAD_CURSOR" });
    await expect(all(client.read({ ...selection, order: "arrival", reverse: true }))).rejects.toMatchObject({
      reason: "BAD_ORDER",
    });
  });

  test("what arrives later comes behind the cursor, wherever the archiver has put the rest", async () => {
    const late = seededSession(9, { blocks: 4, name: "late" });
    const selection = { names: ["late"], order: "arrival" as const };
    await served.publish(late, late.blocks.slice(0, 2));
    const first = client.read(selection);
    const had = await all(first);
    await served.archiveAll();
    await served.publish(late, late.blocks.slice(2));
    const second = client.read({ ...selection, cursor: first.cursor });
    had.push(...(await all(second)));
    expect(new Set(had.map(place)).size).toBe(had.length);
    expect(had).toHaveLength(late.records);
  });
});

/** Gaps by cause and place; unknown names may be told in one gap or in several, so they are added up. */
function causes(answer: Answer) {
  const counts = new Map<string, bigint>();
  for (const { cause, session, firstSeq, count } of answer.coverage?.gaps ?? []) {
    const key = `${cause} ${session.toString("hex")} ${firstSeq}`;
    counts.set(key, (counts.get(key) ?? 0n) + count);
  }
  return counts;
}
