import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { block as blockApi, query } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { parseEnvelope, sealEnvelope } from "@wayward/block";
import type { Analyzed, Client } from "@wayward/client";
import { Locking } from "@wayward/testing";
import { seededSession } from "./testing/seeded.ts";
import { Served } from "./testing/served.ts";

/** Wall time of every session's start. */
const START = 1_700_000_000_000_000_000n;

/** Inverts the locks A and B in three blocks of 4, 4 and 1 records, and ends. */
const inverted = (name: string, seed: number) =>
  new Locking(name, { seed, start: START }).takes("t1", "A", "B").takes("t2", "B", "A").releases("t1", "C").end();

/** The block with its columns spoiled, and its checksum right. */
function withBadColumns(bytes: Uint8Array): Buffer {
  const { header, payload } = unwrap(parseEnvelope(bytes));
  const spoiled = Buffer.from(payload).fill(0xff, payload.length - header.columnsLength);
  return sealEnvelope(blockApi.BlockHeader.encode(header).finish(), spoiled);
}

describe("Analyze", () => {
  let served: Served;
  let client: Client;

  const rulesOf = ({ findings }: Analyzed) => findings.map(({ rule }) => rule).sort();
  const analyze = (names: string[], more = {}) => client.analyze({ names, ...more });

  beforeAll(async () => {
    served = await Served.open("analyze");
    for (const made of [inverted("shop", 1), inverted("shop", 2), inverted("alone", 3)])
      await served.publish(made, made.blocks);
    const one = new Locking("left", { seed: 4, scope: "host", start: START }).takes("t1", "disk", "net").end();
    const other = new Locking("right", { seed: 5, scope: "host", start: START }).takes("t9", "net", "disk").end();
    const calm = new Locking("calm", { seed: 6, start: START }).takes("t1", "A", "B").takes("t2", "A", "B").end();
    for (const made of [one, other, calm]) await served.publish(made, made.blocks);
    const torn = inverted("torn", 7);
    const [begin, middle, ...rest] = torn.blocks as [Buffer, Buffer, ...Buffer[]];
    await served.publish(torn, [begin, Buffer.from(middle).fill(0, middle.length - 3), ...rest]);
    for (const seed of [41, 42]) {
      const made = seededSession(seed, { blocks: 10 });
      await served.publish(
        made,
        made.blocks.filter((_, seq) => seed === 41 || seq !== 3),
      );
    }
    client = await served.serve();
  });
  afterAll(async () => {
    await served.close();
  });

  test("passes over a session that was deleted, unless it is asked for by its id", async () => {
    const doomed = inverted("doomed", 8);
    await served.publish(doomed, doomed.blocks);
    await client.delete(doomed.text);
    const byName = await analyze(["doomed"]);
    expect([byName.findings, byName.coverage.gaps]).toEqual([[], []]);
    const byId = await client.analyze({ sessions: [doomed.text] });
    expect([byId.findings, byId.coverage.gaps.map(({ cause }) => cause)]).toEqual([[], [4]]);
  });

  test("tells findings with evidence and times, and no table that was not asked for", async () => {
    const answer = await analyze(["alone"]);
    expect(answer.tables).toEqual([]);
    expect(rulesOf(answer)).toEqual(["misuse.unlock-not-held", "order.inversion"]);
    const inversion = answer.findings.find(({ rule }) => rule === "order.inversion")!;
    expect(inversion).toMatchObject({
      severity: "error",
      locks: ["B", "A"],
      unproven: "",
      first: START + 5_000_000n,
      sessions: [expect.stringMatching(/^[0-9a-v]{26}$/)],
    });
    expect(inversion.evidence.map(({ lane, eventNo }) => [lane, eventNo])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
    expect(answer.coverage).toMatchObject({ complete: true, sessions: 1n });
  });

  describe("a wait that no record ends", () => {
    const begun = BigInt(Date.now()) * 1_000_000n;
    const ago = (seconds: bigint) => begun - seconds * 1_000_000_000n;
    /** t2 waits 1 ms after the start; t3 says something after that, 1 ms a time. */
    const hanging = (name: string, seed: number, start: bigint) =>
      new Locking(name, { seed, start }).keeps("t1", "A").waits("t2", "A").takes("t3", "B", "C", 500);
    const waitIn = async (name: string, more = {}) => {
      const { tables, findings } = await analyze([name], { tables: ["waits"], ...more });
      const [{ columns, rows }] = tables as [Analyzed["tables"][number]];
      const cell = (name: string) => rows[0]![columns.findIndex((column) => column.name === name)];
      return { waited: Number(cell("waited")), atLeast: cell("at_least"), rules: findings.map(({ rule }) => rule) };
    };
    const made = [
      hanging("hangs", 51, ago(40n)),
      hanging("hung", 52, ago(40n)).end(),
      hanging("mute", 53, ago(600n)),
      hanging("killed", 54, ago(40n)).end({ cause: blockApi.EndCause.END_CAUSE_UNCLEAN, uncertainMs: 50, exit: "" }),
    ];

    beforeAll(async () => {
      for (const one of made) await served.publish(one, one.blocks);
    });

    test("lasts until now in a session that runs, which is told where it is long", async () => {
      const { waited, atLeast, rules } = await waitIn("hangs");
      expect(waited).toBeGreaterThan(39e9);
      expect([atLeast, rules]).toEqual([false, ["live.long-wait"]]);
    });

    test("lasts until the last record where the session ends with it", async () => {
      expect(await waitIn("hung")).toEqual({ waited: 2_000e6, atLeast: false, rules: [] });
    });

    test.each(["mute", "killed"])(
      "lasts at least until the last record where nothing tells how it went on: %s",
      async (name) => {
        expect(await waitIn(name)).toEqual({ waited: 2_000e6, atLeast: true, rules: [] });
      },
    );

    test.each(["hangs", "hung", "mute", "killed"])("is known at any time before the last record: %s", async (name) => {
      const start = name === "mute" ? ago(600n) : ago(40n);
      const until = start + 1_000_500_000n;
      expect(await waitIn(name, { until })).toEqual({ waited: 999.5e6, atLeast: false, rules: [] });
      const later = await waitIn(name, { until: start + 10_000_000_000n });
      expect(later.atLeast).toBe(name === "mute" || name === "killed");
      expect(later.waited).toBe(name === "hangs" ? 9_999e6 : 2_000e6);
    });
  });

  test("finds nothing in a session that does nothing wrong", async () => {
    expect((await analyze(["calm"])).findings).toEqual([]);
  });

  test("tells the tables that were asked for, in that order", async () => {
    const { tables } = await analyze(["alone"], { tables: ["edges", "no such table", "locks"] });
    expect(tables.map(({ name }) => name)).toEqual(["edges", "locks"]);
    expect(tables[0]!.rows.map((row) => row.slice(1, 5))).toEqual([
      ["A", "B", "EN", 1],
      ["B", "A", "EN", 1],
    ]);
  });

  test("chooses rules by id and by family, and refuses what is none", async () => {
    expect(rulesOf(await analyze(["alone"], { rules: ["order.inversion"] }))).toEqual(["order.inversion"]);
    expect(rulesOf(await analyze(["alone"], { rules: ["misuse"] }))).toEqual(["misuse.unlock-not-held"]);
    for (const rule of ["orde", "order.", "order.inversions", ""]) {
      const refused = { code: "INVALID_ARGUMENT", reason: "BAD_RULE", message: expect.stringContaining(`"${rule}"`) };
      await expect(analyze(["alone"], { rules: [rule] })).rejects.toMatchObject(refused);
    }
  });

  test("ends exactly at `until`, in every table, and says no more of what would have come", async () => {
    // The sixth record closes the circle.
    const tables = ["sessions", "lanes", "locks"];
    const before = await analyze(["alone"], { until: START + 5_000_000n, tables });
    expect(before.findings).toEqual([]);
    const [sessions, lanes] = before.tables as [Analyzed["tables"][number], Analyzed["tables"][number]];
    expect(sessions.rows[0]!.slice(1)).toEqual([4_000_000, 5]);
    const records = lanes.columns.findIndex(({ name }) => name === "records");
    expect(lanes.rows.map((row) => row[records])).toEqual([4, 1]);
    const after = await analyze(["alone"], { until: START + 5_000_001n });
    expect(rulesOf(after)).toEqual(["order.inversion"]);
  });

  test("begins with the block that `from` lies in", async () => {
    expect(rulesOf(await analyze(["alone"], { from: START + 7_000_000n }))).toEqual(["misuse.unlock-not-held"]);
    expect(rulesOf(await analyze(["alone"], { from: START + 8_000_000n }))).toEqual(["misuse.unlock-not-held"]);
    expect(rulesOf(await analyze(["alone"], { from: START + 60_000_000n }))).toEqual([]);
  });

  test("merges what several sessions show by fingerprint", async () => {
    const { findings } = await analyze(["shop", "alone"], { rules: ["order"] });
    const [alone] = (await analyze(["alone"], { rules: ["order"] })).findings;
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ fingerprint: alone!.fingerprint, count: 3 });
    expect(findings[0]!.sessions).toHaveLength(3);
    expect(new Set(findings[0]!.evidence.map(({ session }) => session)).size).toBe(3);
  });

  test("finds in two sessions with shared locks what neither shows alone", async () => {
    expect((await analyze(["left"])).findings).toEqual([]);
    expect((await analyze(["right"])).findings).toEqual([]);
    const [both, ...more] = (await analyze(["left", "right"])).findings;
    expect(more).toEqual([]);
    expect(both).toMatchObject({ rule: "order.inversion", locks: expect.arrayContaining(["disk", "net"]) });
    expect(both!.sessions).toHaveLength(2);
  });

  test("tells the gaps of what it read, and proves nothing that the whole does not show", async () => {
    const whole = await analyze(["app-41"]);
    expect(whole.coverage).toMatchObject({ complete: true, gaps: [] });
    const holed = await analyze(["app-42"]);
    expect(holed.coverage.complete).toBe(false);
    expect(holed.coverage.gaps.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([[3n, 3n]]);
    const proven = ({ findings }: Analyzed) =>
      findings.filter(({ unproven }) => unproven === "").map(({ rule }) => rule);
    expect(proven(whole)).toEqual(expect.arrayContaining(["misuse.double-lock"]));
    const torn = await analyze(["torn"]);
    expect(torn.coverage.gaps.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([[1n, 1n]]);
    expect(torn.findings.map(({ rule, unproven }) => [rule, unproven])).toEqual([
      ["misuse.unlock-not-held", "records are missing that may tell of C"],
    ]);
  });

  test("says which block is damaged and how, and is as good as new afterwards", async () => {
    const made = inverted("rotten", 8);
    const [first, second, ...rest] = made.blocks as [Buffer, Buffer, ...Buffer[]];
    await served.publish(made, [first, withBadColumns(second), ...rest]);
    await expect(analyze(["rotten"])).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: expect.stringMatching(/^(BAD_|TOO_|NOT_|TRUNC)[A-Z_]+$/),
      message: expect.stringContaining(`block 1 of session ${made.text}: `),
    });
    expect(rulesOf(await analyze(["alone"]))).toHaveLength(2);
    await client.delete(made.text, true);
  });

  test("tells how far it is, and frees its threads when it is cancelled", async () => {
    // It is told every 250 ms: enough for half a second of both threads.
    const BLOCKS = 60;
    const large = Array.from({ length: 6 }, (_, index) => {
      const made = new Locking("large", { seed: 100 + index, start: START });
      for (let block = 0; block < BLOCKS; block++) made.takes(`t${block % 3}`, "A", "B", 4_000);
      return made;
    });
    for (const made of large) await served.publish(made, made.blocks);
    const told: [number, number][] = [];
    await client.analyze({ names: ["large"] }, (done, all) => told.push([done, all]));
    expect(told.length).toBeGreaterThan(0);
    for (const [done, all] of told) expect([all, done <= all]).toEqual([large.length * BLOCKS, true]);

    const raw = new query.QueryServiceClient(served.address, credentials.createInsecure());
    const request = query.AnalyzeRequest.fromPartial({ selector: { names: ["large"] } });
    for (let times = 0; times < 10; times++) {
      const call = raw.analyze(request);
      call.on("error", () => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
      call.cancel();
    }
    raw.close();
    const begun = performance.now();
    expect(rulesOf(await analyze(["alone"]))).toHaveLength(2);
    // Ten whole analyses would take far longer than the blocks that were on their way.
    expect(performance.now() - begun).toBeLessThan(5_000);
  }, 120_000);
});
