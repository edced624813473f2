import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { query } from "@wayward/api";
import type { Client, ClientRecord, CountOptions } from "@wayward/client";
import { Reader } from "@wayward/reader";
import { seededSession } from "./testing/seeded.ts";
import { PARTITIONS, Served } from "./testing/served.ts";

const QUESTIONS: readonly CountOptions[] = [
  {},
  { groupBy: ["kind"] },
  { groupBy: ["family", "session"] },
  { groupBy: ["host", "family"] },
  { groupBy: ["lane", "kind"] },
  { groupBy: ["lane"] },
  { groupBy: ["channel"] },
  { groupBy: ["channel", "session"] },
  { groupBy: ["zone"], measure: "duration" },
  { groupBy: ["zone", "host"], measure: "duration", sortBy: "p99" },
  { measure: "duration" },
  { groupBy: ["lock"] },
  { groupBy: ["lock"], measure: "wait" },
  { groupBy: ["lock", "mode"], measure: "hold", sortBy: "sum" },
  { groupBy: ["mode", "session"], measure: "wait" },
  { measure: "hold" },
  { groupBy: ["queue"] },
  { groupBy: ["queue"], measure: "duration", sortBy: "max" },
  // Behind a lost block only the writer knows which jobs were waiting.
  { groupBy: ["queue", "session"], measure: "wait", names: ["app-41", "app-43"] },
  // User kinds and fields of any kind are read.
  { groupBy: ["currency"], measure: "amount" },
  { groupBy: ["level", "channel"] },
  { groupBy: ["kind"], kinds: ["lock", "shop"] },
  { groupBy: ["kind"], lanes: ["worker-*"], where: "not level = info" },
];

describe("Count", () => {
  // The second lost blocks 3 and 9: pairing begins anew behind them.
  const made = [
    seededSession(41, { blocks: 12 }),
    seededSession(42, { blocks: 14, ends: false }),
    seededSession(43, { blocks: 5 }),
  ];
  let served: Served;
  let client: Client;
  let everything: ClientRecord[] = [];

  beforeAll(async () => {
    served = await Served.open("count");
    // Three chunks a session, and a tail.
    for (let round = 0; round < 4; round++) {
      for (const [at, session] of made.entries()) {
        const { blocks } = session;
        const isNow = (seq: number) => Math.floor((seq * 4) / blocks.length) === round;
        const isLost = (seq: number) => at === 1 && (seq === 3 || seq === 9);
        await served.publish(
          session,
          blocks.filter((_, seq) => isNow(seq) && !isLost(seq)),
        );
      }
      if (round < 3) await served.archiveAll();
    }
    client = await served.serve();
    for await (const record of client.read()) everything.push(record);
  });
  afterAll(async () => {
    everything = [];
    await served.close();
  });

  /** Whole, and slices that begin and end inside blocks, at their edges, and nowhere. */
  const slices = () => {
    const at = (share: number) => everything[Math.floor((everything.length - 1) * share)]!.aligned;
    const ends = made.map(({ text }) => everything.filter(({ session }) => session === text));
    return [
      {},
      { from: at(0.3) },
      { until: at(0.61) },
      { from: at(0.2), until: at(0.7) },
      { from: at(0.5), until: at(0.5) + 1n },
      { from: ends[1]![0]!.aligned, until: ends[1]!.at(-1)!.aligned },
      { from: ends[2]![40]!.aligned, until: ends[2]!.at(-7)!.aligned },
      { from: 1n, until: 2n },
    ];
  };

  test.each(QUESTIONS)("says the same from summaries and from every record, in every slice: %j", async (question) => {
    for (const slice of slices()) {
      const asked = { ...question, ...slice, top: 1000 };
      const summed = await client.count(asked);
      const scanned = await client.count({ ...asked, scan: true });
      expect({ slice, groups: summed.groups, other: summed.other }).toEqual({
        slice,
        groups: scanned.groups,
        other: scanned.other,
      });
      expect(scanned.fromSummaries).toBe(false);
    }
  });

  /** Gets of a question, and how it ended, where whoever asks goes away at that get. */
  async function abandoned(ask: (reader: Reader, signal: AbortSignal) => Promise<unknown>, at: number) {
    const gone = new AbortController();
    let gets = 0;
    const watched = new Proxy(served.store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name === "get" && ++gets === at) gone.abort();
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const reader = new Reader({ bus: served.bus, store: watched, partitions: PARTITIONS, tenant: "default" });
    const failed = await ask(reader, gone.signal).then(
      () => undefined,
      (error: Error) => error.name,
    );
    return { gets, failed };
  }

  test.each([
    [
      "Count",
      (reader: Reader, signal: AbortSignal) => reader.count(query.CountRequest.fromPartial({ scan: true }), signal),
    ],
    ["ListKinds", (reader: Reader, signal: AbortSignal) => reader.kinds(undefined, signal)],
  ])("%s reads no further for a caller who has gone", async (_, ask) => {
    const whole = await abandoned(ask, Number.POSITIVE_INFINITY);
    expect(whole.failed).toBeUndefined();
    // The last get but one: what is under way ends, and nothing is begun.
    for (let at = 1; at < whole.gets; at++) {
      const { gets, failed } = await abandoned(ask, at);
      expect({ at, failed }).toEqual({ at, failed: "AbortError" });
      expect(gets).toBeLessThanOrEqual(whole.gets);
    }
    expect((await abandoned(ask, whole.gets - 3)).gets).toBeLessThan(whole.gets);
  });

  test("counts records as they are read", async () => {
    for (const slice of slices()) {
      const { from = 0n, until } = slice as { from?: bigint; until?: bigint };
      const inside = everything.filter(({ aligned }) => aligned >= from && (until === undefined || aligned < until));
      const expected = new Map<string, bigint>();
      for (const { kind } of inside) expected.set(kind, (expected.get(kind) ?? 0n) + 1n);
      const { groups } = await client.count({ ...slice, groupBy: ["kind"] });
      expect(new Map(groups.map(({ keys, count }) => [keys[0], count]))).toEqual(expected);
    }
  });

  test("reads no record where summaries suffice, and few at the edges of a slice", async () => {
    for (const question of QUESTIONS.slice(0, 19)) {
      expect((await client.count(question)).fromSummaries).toBe(true);
    }
    expect((await client.count({ ...QUESTIONS[8], ...slices()[3] })).fromSummaries).toBe(false);
  });

  test("zones and holds add up to what the records say", async () => {
    const begun = new Map<string, bigint[]>();
    let zones = 0n;
    for (const { session, lane, kind, fields, aligned } of everything) {
      if (session !== made[0]!.text || fields.id !== undefined) continue;
      const open = begun.get(`${lane.number}`) ?? [];
      begun.set(`${lane.number}`, open);
      if (kind === "zone.begin") open.push(aligned);
      if (kind === "zone.end" && open.pop() !== undefined) zones++;
    }
    const answer = await client.count({ sessions: [made[0]!.text], groupBy: ["zone"], measure: "duration" });
    const counted = answer.groups.reduce((sum, { count }) => sum + count, 0n);
    // Zones with an id end anywhere, and are counted beside these.
    expect(counted).toBeGreaterThanOrEqual(zones);
    expect(zones).toBeGreaterThan(50n);
  });
});
