import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { query, selection } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { Block, parseEnvelope } from "@wayward/block";
import { partitionOf } from "@wayward/bus";
import { loadPartition } from "@wayward/chunk";
import type { Client, ClientRecord } from "@wayward/client";
import { Reader } from "@wayward/reader";
import { partitionKeys } from "@wayward/store";
import { Locking } from "@wayward/testing";
import { type Seeded, seededSession } from "./testing/seeded.ts";
import { PARTITIONS, Served } from "./testing/served.ts";

const { GapCause } = selection;
type Made = Pick<Seeded, "id" | "text" | "blocks">;

async function all(answer: AsyncIterable<ClientRecord>): Promise<ClientRecord[]> {
  const records: ClientRecord[] = [];
  for await (const record of answer) records.push(record);
  return records;
}

const place = ({ session, lane, eventNo }: ClientRecord) => `${session} ${lane.number} ${eventNo}`;

/** Places of a session's records, as its writer made them, but for some blocks and times. */
function placesWithout({ text, blocks }: Made, lost: readonly number[], isAsked = (_: bigint) => true): string[] {
  return blocks.flatMap((bytes, seq) => {
    if (lost.includes(seq)) return [];
    const { columns } = new Block(unwrap(parseEnvelope(bytes)));
    const numbers = columns.eventNos();
    return columns.lanes.flatMap(({ lane, from, count }) =>
      Array.from({ length: count }, (_, at) => from + at)
        .filter((at) => isAsked(columns.times[at]!))
        .map((at) => `${text} ${lane} ${numbers[at]}`),
    );
  });
}

/** Archives a session with one chunk for each run of blocks. */
async function archiveIn(served: Served, made: Made, ends: readonly number[]): Promise<void> {
  let from = 0;
  for (const until of [...ends, made.blocks.length]) {
    await served.publish(made, made.blocks.slice(from, until));
    await served.archiveAll();
    from = until;
  }
}

/** Removes the chunk that has this block of a session. */
async function loseChunk({ store }: Served, { id, text }: Made, seq: bigint) {
  const state = await loadPartition(store, partitionKeys("default", partitionOf(id, PARTITIONS)));
  const { places = [] } = state.sessions.get(text) ?? {};
  const found = places.find(({ ranges }) => ranges.some(({ first, last }) => first <= seq && seq <= last));
  if (found?.chunk === undefined) throw new Error(`no chunk has block ${seq} of ${text}`);
  const { key } = found.chunk;
  const object = await store.get(key);
  await store.remove([key]);
  return { key, restore: () => store.put(key, object!.bytes) };
}

describe.each([
  // A count by kind reads footers alone.
  ["that was gone before anybody asked", async (_: Client) => {}],
  ["that goes when its footer was read", async (client: Client) => void (await client.count({ groupBy: ["kind"] }))],
])("a chunk %s", (_, ask) => {
  const whole = seededSession(1, { name: "whole", blocks: 3 });
  const holed = seededSession(2, { name: "holed", blocks: 9 });
  const torn = new Locking("torn", { seed: 7, start: 1_700_000_000_000_000_000n })
    .takes("t1", "A", "B")
    .takes("t2", "B", "A")
    .releases("t1", "C")
    .end();
  const left = [...placesWithout(whole, []), ...placesWithout(holed, [3, 4, 5])].sort();
  const missing = { cause: GapCause.GAP_CAUSE_CHUNK_MISSING, firstSeq: 3n, lastSeq: 5n };
  const names = ["whole", "holed"];
  let served: Served;
  let client: Client;
  let chunk: Awaited<ReturnType<typeof loseChunk>>;

  beforeAll(async () => {
    served = await Served.open("lost-chunk");
    await archiveIn(served, whole, []);
    await archiveIn(served, holed, [3, 6]);
    await archiveIn(served, torn, [1, 2]);
    client = await served.serve();
    await ask(client);
    chunk = await loseChunk(served, holed, 4n);
    await loseChunk(served, torn, 1n);
  });
  afterAll(async () => {
    await served.close();
  });

  test.each([
    {},
    { reverse: true },
    { order: "arrival" as const },
    { form: "blocks" as const },
    { form: "blocks" as const, order: "arrival" as const },
    { form: "blocks" as const, limit: 1_000_000 },
  ])("costs a read its blocks, told as a gap: %j", async (options) => {
    const answer = client.read({ names, ...options });
    expect((await all(answer)).map(place).sort()).toEqual(left);
    expect(answer.coverage).toMatchObject({ complete: false, records: BigInt(left.length), sessions: 2n });
    expect(answer.coverage!.gaps.filter(({ cause }) => cause !== GapCause.GAP_CAUSE_DROPPED)).toEqual([
      expect.objectContaining({
        ...missing,
        session: Buffer.from(holed.id),
        message: `blocks 3 to 5 are missing: chunk ${chunk.key} is not in the store`,
      }),
    ]);
  });

  test("costs other sessions nothing", async () => {
    const answer = client.read({ names: ["whole"] });
    expect((await all(answer)).map(place).sort()).toEqual(placesWithout(whole, []).sort());
    expect(answer.coverage!.gaps.filter(({ cause }) => cause !== GapCause.GAP_CAUSE_DROPPED)).toEqual([]);
  });

  test.each([
    { groupBy: ["kind"], where: "not kind = nothing" },
    { groupBy: ["kind"], scan: true },
    { groupBy: ["lane"], scan: true },
  ])("costs a count its records: %j", async (question) => {
    const { groups, coverage } = await client.count({ names, ...question });
    expect(groups.reduce((sum, { count }) => sum + count, 0n)).toBe(BigInt(left.length));
    expect(coverage).toMatchObject({ complete: false, gaps: [missing] });
  });

  test("costs a count the summaries of its blocks where a slice cuts it", async () => {
    const { header } = unwrap(parseEnvelope(holed.blocks[4]!));
    const from = header.firstTime + holed.offset;
    const { groups, coverage } = await client.count({ names: ["holed"], groupBy: ["kind"], from });
    const counted = placesWithout(holed, [0, 1, 2, 3, 4, 5]).length;
    expect(groups.reduce((sum, { count }) => sum + count, 0n)).toBe(BigInt(counted));
    expect(coverage).toMatchObject({ complete: false, gaps: [{ cause: missing.cause, lastSeq: 5n }] });
  });

  test("leaves paired counts to what surrounds it", async () => {
    const { groups, coverage } = await client.count({ names, groupBy: ["lock"], measure: "hold", scan: true });
    expect(groups.length).toBeGreaterThan(0);
    expect(coverage).toMatchObject({ complete: false, gaps: [missing] });
  });

  test("makes an analysis unproven where it could change the verdict", async () => {
    const { findings, coverage } = await client.analyze({ names: ["torn"] });
    expect(coverage.gaps).toMatchObject([{ ...missing, firstSeq: 1n, lastSeq: 1n }]);
    expect(findings.map(({ rule, unproven }) => [rule, unproven])).toEqual([
      ["misuse.unlock-not-held", "records are missing that may tell of C"],
    ]);
  });

  test("costs nothing any more once it is restored", async () => {
    await chunk.restore();
    const answer = client.read({ names });
    expect((await all(answer)).map(place).sort()).toEqual(
      [...placesWithout(whole, []), ...placesWithout(holed, [])].sort(),
    );
    expect(answer.coverage!.gaps.filter(({ cause }) => cause !== GapCause.GAP_CAUSE_DROPPED)).toEqual([]);
    const { groups, coverage } = await client.count({ names, groupBy: ["kind"] });
    expect(groups.reduce((sum, { count }) => sum + count, 0n)).toBe(BigInt(whole.records + holed.records));
    expect(coverage).toMatchObject({ complete: true });
  });
});

describe("chunks of other times than a read asks for", () => {
  // Three epochs; 90 to 100 are asked for, in the second of two chunks of their epoch.
  const long = seededSession(9, { name: "long", blocks: 140, turns: 6 });
  const times = [90, 101].map((seq) => unwrap(parseEnvelope(long.blocks[seq]!)).header.firstTime + long.offset);
  const [from, until] = times as [bigint, bigint];
  const asked = placesWithout(long, [], (time) => time + long.offset >= from && time + long.offset < until).sort();
  let served: Served;
  let client: Client;

  beforeAll(async () => {
    served = await Served.open("other-times");
    await archiveIn(served, long, [20, 64, 84, 128]);
    client = await served.serve();
    // That nothing of them is told shows that nobody looked for them.
    for (const seq of [0n, 20n, 128n]) await loseChunk(served, long, seq);
  });
  afterAll(async () => {
    await served.close();
  });

  test.each([{}, { reverse: true }, { form: "blocks" as const }, { limit: 100 }])(
    "are not opened but where they define its names: %j",
    async (options) => {
      const records: ClientRecord[] = [];
      let pageToken: Uint8Array | undefined;
      do {
        const page = client.read({ from, until, ...options, ...(pageToken === undefined ? {} : { pageToken }) });
        records.push(...(await all(page)));
        expect(page.coverage!.gaps.filter(({ cause }) => cause !== GapCause.GAP_CAUSE_DROPPED)).toEqual([]);
        pageToken = page.pageToken;
      } while (pageToken.length > 0);
      expect(records.map(place).sort()).toEqual(asked);
    },
  );
});

describe("chunks that go while they are read", () => {
  const made = seededSession(5, { name: "passing", blocks: 12, turns: 100 });
  let served: Served;

  beforeEach(async () => {
    served = await Served.open("passing-chunk");
    await archiveIn(served, made, [3, 6, 9]);
  });
  afterEach(async () => {
    await served.close();
  });

  test("by retention are told as expired", async () => {
    const { bus, store } = served;
    const reader = new Reader({ bus, store, partitions: PARTITIONS, tenant: "default" });
    const answer = reader.read(query.ReadRequest.fromPartial({}), new AbortController().signal);
    const first = (await answer.next()).value as query.ReadResponse;
    const keys = partitionKeys("default", partitionOf(made.id, PARTITIONS));
    const chunks = async () => {
      let count = 0;
      for await (const _ of store.list(keys.chunks)) count++;
      return count;
    };
    expect(await chunks()).toBe(4);
    // What the archiver commits makes it look at its size.
    const next = Array.from({ length: 20 }, (_, at) => seededSession(30 + at, { blocks: 1 })).find(
      ({ id }) => partitionOf(id, PARTITIONS) === partitionOf(made.id, PARTITIONS),
    )!;
    await served.publish(next, next.blocks);
    await served.archiveAll({ keepBytes: 10, until: async () => (await chunks()) === 0 });
    const rest: query.ReadResponse[] = [];
    for await (const message of answer) rest.push(message);
    const rows = [first, ...rest].flatMap(({ part }) => (part?.$case === "rows" ? part.value.rows : []));
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThan(made.records);
    const end = rest.at(-1)?.part;
    if (end?.$case !== "end") throw new Error("the answer has no end");
    const gaps = end.value.coverage!.gaps.filter(({ cause }) => cause !== GapCause.GAP_CAUSE_DROPPED);
    expect(gaps).toMatchObject([{ cause: GapCause.GAP_CAUSE_EXPIRED, lastSeq: 11n }]);
    expect(gaps[0]!.message).toMatch(/^blocks \d+ to 11 went as the session expired$/);
  });
});
