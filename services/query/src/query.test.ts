import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { block as blockApi } from "@wayward/api";
import { BlockWriter, Stage } from "@wayward/block";
import type { Client, ClientRecord } from "@wayward/client";
import {
  lockAcquired,
  lockReleased,
  lockWait,
  logMessage,
  newSessionId,
  sessionText,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";
import { Served } from "./testing/served.ts";

/** A session of seeded records over some blocks. */
function makeSession(name: string, seed: number, blocks: number) {
  const id = newSessionId(1_700_000_000_000 + seed * 1000);
  const start = 5_000_000_000n * BigInt(seed);
  const anchor = { clock: start, wall: 1_700_000_000_000_000_000n + BigInt(seed) * 777n, uncertainty: 10n };
  const description = blockApi.SessionDescription.fromPartial({ name, host: `host-${seed % 2}`, start, anchor });
  const writer = new BlockWriter({ session: id, description });
  const { dictionary } = writer;
  const lanes = ["main", "worker"].map((lane) => dictionary.lane({ name: lane, kind: "thread" }));
  const zones = ["parse", "render", "commit"].map((zone) => dictionary.string(zone));
  const locks = ["pool", "cache"].map((lock) => dictionary.object({ type: "mutex", class: lock }));
  const site = dictionary.site({ function: "handle", file: "a.ts", line: 3, text: "took {} rows from {}" });
  let state = seed * 7919 + 1;
  const random = (most: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % most;
  };
  let time = start;
  const tick = () => {
    time += BigInt(random(900));
    return time;
  };
  let records = 0;
  const stage = new Stage();
  const bytes: Buffer[] = [];
  for (let block = 0; block < blocks; block++) {
    stage.clear();
    for (let turn = 0; turn < 60; turn++) {
      const lane = lanes[random(2)]!;
      stage.add(dictionary.kind(zoneBegin), zoneBegin, { lane, time: tick() }, [zones[random(3)]]);
      const lock = locks[random(2)]!;
      if (random(3) === 0) stage.add(dictionary.kind(lockWait), lockWait, { lane, time: tick() }, [lock, 0]);
      stage.add(dictionary.kind(lockAcquired), lockAcquired, { lane, time: tick() }, [lock, 0]);
      stage.add(dictionary.kind(logMessage), logMessage, { lane, time: tick(), site }, [
        random(6),
        dictionary.string("db.pool"),
        [random(100), "table"],
      ]);
      stage.add(dictionary.kind(lockReleased), lockReleased, { lane, time: tick() }, [lock, 0]);
      // Some zones stay open over the block's end.
      if (random(5) > 0) stage.add(dictionary.kind(zoneEnd), zoneEnd, { lane, time: tick() }, []);
    }
    records += stage.count;
    const end = block === blocks - 1 ? { cause: 0 as const, uncertainMs: 0, exit: "0" } : undefined;
    bytes.push(...writer.write(stage, end).map((written) => written.bytes));
  }
  return { id, text: sessionText(id), name, bytes, records, offset: anchor.wall - anchor.clock };
}

describe("the query service", () => {
  const made = [makeSession("checkout", 1, 4), makeSession("checkout", 2, 70), makeSession("search", 3, 3)];
  let served: Served;
  let client: Client;

  const all = async (answer: AsyncIterable<ClientRecord>) => {
    const records: ClientRecord[] = [];
    for await (const record of answer) records.push(record);
    return records;
  };
  const place = ({ aligned, session, lane, eventNo }: ClientRecord) => [aligned, session, lane.number, eventNo];

  beforeAll(async () => {
    served = await Served.open("query");
    // Half of each session is archived, the other half only on the bus.
    for (const one of made) await served.publish(one, one.bytes.slice(0, Math.ceil(one.bytes.length / 2)));
    await served.archiveAll();
    for (const one of made) await served.publish(one, one.bytes.slice(Math.ceil(one.bytes.length / 2)));
    client = await served.serve();
  });
  afterAll(async () => {
    await served.close();
  });

  test("lists sessions newest first, page by page, whole as archive and tail are one", async () => {
    const found = [];
    for await (const session of client.find()) found.push(session);
    expect(found.map(({ session }) => sessionText(session))).toEqual(
      made
        .map(({ text }) => text)
        .sort()
        .reverse(),
    );
    for (const session of found) {
      const one = made.find(({ text }) => text === sessionText(session.session))!;
      expect(session).toMatchObject({
        records: BigInt(one.records),
        blocks: BigInt(one.bytes.length),
        state: 2,
        gaps: [],
      });
    }
    const names = [];
    for await (const session of client.find({ names: ["check*"], hosts: ["host-1"] }))
      names.push(session.description?.name);
    expect(names).toEqual(["checkout"]);
  });

  test("reads every record once, in one order, forward and backward, and says it is complete", async () => {
    const answer = client.read();
    const forward = await all(answer);
    expect(forward).toHaveLength(made.reduce((sum, { records }) => sum + records, 0));
    expect(answer.coverage).toMatchObject({ complete: true, gaps: [], sessions: 3n });
    const places = forward.map(place);
    const sorted = [...places].sort((a, b) => {
      for (const [index, left] of a.entries()) if (left !== b[index]) return left! < b[index]! ? -1 : 1;
      return 0;
    });
    expect(places).toEqual(sorted);
    expect(new Set(forward.map(({ session, lane, eventNo }) => `${session} ${lane.number} ${eventNo}`)).size).toBe(
      forward.length,
    );
    expect((await all(client.read({ reverse: true }))).map(place)).toEqual([...places].reverse());
  });

  test("pages through an answer without doubling or losing a record", async () => {
    const whole = (await all(client.read({ names: ["search"] }))).map(place);
    const paged: unknown[] = [];
    let pageToken: Uint8Array | undefined;
    do {
      const page = client.read({ names: ["search"], limit: 37, ...(pageToken === undefined ? {} : { pageToken }) });
      paged.push(...(await all(page)).map(place));
      pageToken = page.pageToken;
    } while (pageToken.length > 0);
    expect(paged).toEqual(whole);
  });

  test("chooses by kind, lane, time, field and text as a plain filter would", async () => {
    const everything = await all(client.read());
    const middle = everything[Math.floor(everything.length / 2)]!.aligned;
    const cases: [Parameters<Client["read"]>[0], (record: ClientRecord) => boolean][] = [
      [{ kinds: ["lock"] }, ({ kind }) => kind.startsWith("lock.")],
      [{ kinds: ["zone.begin", "log"] }, ({ kind }) => kind === "zone.begin" || kind === "log.message"],
      [{ lanes: ["wor*"] }, ({ lane }) => lane.name === "worker"],
      [{ from: middle }, ({ aligned }) => aligned >= middle],
      [{ until: middle, kinds: ["log"] }, ({ aligned, kind }) => aligned < middle && kind === "log.message"],
      [{ where: "level >= warn" }, ({ fields }) => ["warn", "error", "fatal"].includes(String(fields.level))],
      [
        { where: 'lock = pool and not kind = "lock.wait"' },
        ({ fields, kind }) => fields.lock === "pool" && kind !== "lock.wait",
      ],
      [{ text: "took 7" }, ({ text }) => text.includes("took 7")],
      [
        { where: 'channel ~ "pool" or name = parse' },
        ({ fields }) => fields.channel === "db.pool" || fields.name === "parse",
      ],
    ];
    for (const [options, passes] of cases) {
      expect((await all(client.read(options))).map(place)).toEqual(everything.filter(passes).map(place));
    }
    expect(everything.find(({ kind }) => kind === "log.message")?.text).toMatch(/^took \d+ rows from table$/);
  });

  test("counts from summaries what a scan counts", async () => {
    const questions = [
      { groupBy: ["kind"] },
      { groupBy: ["family", "session"] },
      { groupBy: ["lane", "kind"] },
      { groupBy: ["zone"], measure: "duration" },
      { groupBy: ["zone", "host"], measure: "duration", sortBy: "p99" as const },
      { groupBy: ["lock"], measure: "wait" },
      { groupBy: ["lock", "mode"], measure: "hold", sortBy: "sum" as const },
      { groupBy: ["lock"] },
      { groupBy: ["kind"], kinds: ["lock"] },
    ];
    for (const question of questions) {
      const summed = await client.count(question);
      const scanned = await client.count({ ...question, scan: true });
      expect({ question, ...summed, fromSummaries: true }).toEqual({ question, ...scanned, fromSummaries: true });
      expect([summed.fromSummaries, scanned.fromSummaries]).toEqual([true, false]);
      expect(summed.groups.length).toBeGreaterThan(0);
    }
  });

  test("lists kinds with fields and counts", async () => {
    const { kinds } = await client.kinds();
    expect(kinds.map(({ kind }) => kind?.name)).toEqual([
      "lock.acquired",
      "lock.released",
      "lock.wait",
      "log.message",
      "zone.begin",
      "zone.end",
    ]);
    expect(kinds.reduce((sum, { count }) => sum + count, 0n)).toBe(
      BigInt(made.reduce((sum, { records }) => sum + records, 0)),
    );
  });

  test.each([
    [{ where: "level >" }, "BAD_FILTER", 'filter: expected a value, got "the end" at character 8'],
    [{ where: "a = 5parsec" }, "BAD_FILTER", "at character 5"],
    [{ where: "(a = 1" }, "BAD_FILTER", 'expected ")"'],
    [{ pageToken: Buffer.from("from somewhere else") }, "BAD_TOKEN", "it was not made here"],
  ])("refuses %j", async (options, reason, message) => {
    const error = await all(client.read(options)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason, message: expect.stringContaining(message) });
  });

  test("deletes a session for ever, and nobody sees it", async () => {
    const [{ text }] = made as [(typeof made)[0]];
    await expect(client.delete("0".repeat(26))).rejects.toMatchObject({ reason: "NO_SESSION" });
    await client.delete(text, true);
    expect((await client.session(text)).state).toBe(4);
    const left = await all(client.read());
    expect(left.some(({ session }) => session === text)).toBe(false);
    const listed = [];
    for await (const session of client.find()) listed.push(sessionText(session.session));
    expect(listed).not.toContain(text);
  });
});
