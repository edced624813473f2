import { describe, expect, test } from "@jest/globals";
import * as kinds from "@wayward/record";
import type { Cell } from "../table.ts";
import { foldBlocks, Recorded, tablesOf } from "./testing/recorded.ts";

const MS = 1_000_000;

/** A row without its session and what is 0, false or empty. */
function told(row: Record<string, Cell> | undefined): Record<string, Cell> {
  const entries = Object.entries(row ?? {});
  return Object.fromEntries(
    entries.filter(([name, value]) => name !== "session" && value !== 0 && value !== "" && value !== false),
  );
}

function lanesOf(session: Recorded) {
  session.cut();
  return tablesOf(foldBlocks(session.blocks)).lanes.map(told);
}

test("the lanes of a session with every cause, and its activity", () => {
  const session = new Recorded();
  const main = session.lane("main");
  const worker = session.lane("worker", { kind: "worker", parent: main });
  const [mutex, condition] = [session.object("cache"), session.object("filled", "condition")];
  const [pool, gate, file] = [
    session.object("pool", "semaphore"),
    session.object("gate", "barrier"),
    session.object("f", "file"),
  ];
  session.add(main, 0, kinds.noteText, "begin");
  session.add(worker, 1 * MS, kinds.threadStart, main);
  session.add(worker, 1 * MS, kinds.threadName, session.string("loader"));
  session.add(worker, 2 * MS, kinds.lockWait, mutex, 0);
  session.add(worker, 5 * MS, kinds.lockAcquired, mutex, 0);
  session.add(worker, 6 * MS, kinds.conditionWait, condition, mutex);
  session.add(worker, 8 * MS, kinds.conditionWoken, condition, 0);
  session.add(worker, 8 * MS, kinds.semaphoreWait, pool);
  session.add(worker, 9 * MS, kinds.semaphoreTimedOut, pool);
  session.add(worker, 10 * MS, kinds.barrierWait, gate, 2n);
  session.add(worker, 12 * MS, kinds.noteText, "a record that no analysis reads ends it too");
  session.add(worker, 14 * MS, kinds.ioRead, file, 10n, BigInt(2 * MS));
  session.add(worker, 15 * MS, kinds.pauseSleep, BigInt(MS));
  session.add(worker, 16 * MS, kinds.pauseCall, BigInt(MS));
  session.add(worker, 17 * MS, kinds.pauseAwait, BigInt(MS));
  session.add(worker, 18 * MS, kinds.dbQuery, 0, BigInt(MS), 0n, 0n, 1n);
  session.add(worker, 20 * MS, kinds.threadExit, 0n);
  session.add(main, 4 * MS, kinds.threadJoin, worker);
  session.add(main, 20 * MS, kinds.noteText, "joined");
  session.cut();
  const { lanes, activity } = tablesOf(foldBlocks(session.blocks));
  expect(lanes.map(told)).toEqual([
    {
      lane: main,
      name: "main",
      kind: "thread",
      end: 20 * MS,
      open: true,
      lanes: 1,
      records: 3,
      lifetime: 20 * MS,
      running: 4 * MS,
      join: 16 * MS,
    },
    {
      lane: worker,
      name: "loader",
      kind: "worker",
      parent: main,
      start: 1 * MS,
      end: 20 * MS,
      lanes: 1,
      records: 16,
      lifetime: 19 * MS,
      running: 5 * MS,
      lock: 3 * MS,
      condition: 2 * MS,
      semaphore: 1 * MS,
      barrier: 2 * MS,
      io: 2 * MS,
      sleep: 1 * MS,
      call: 1 * MS,
      await: 1 * MS,
      db: 1 * MS,
    },
  ]);
  expect(activity).toHaveLength(20);
  expect(told(activity[0])).toEqual({ until: MS, running: MS });
  expect(told(activity[2])).toEqual({ from: 2 * MS, until: 3 * MS, running: MS, lock: MS });
  expect(told(activity[12])).toEqual({ from: 12 * MS, until: 13 * MS, join: MS, io: MS });
});

describe("waits that overlap", () => {
  test("count once, for the one that ended first", () => {
    const session = new Recorded();
    const main = session.lane("main");
    const [mutex, other] = [session.object("a"), session.object("b")];
    session.add(main, 0, kinds.noteText, "begin");
    session.add(main, 10, kinds.lockWait, mutex, 0);
    session.add(main, 20, kinds.lockWait, other, 0);
    session.add(main, 50, kinds.pauseAwait, 20n);
    session.add(main, 60, kinds.lockAcquired, other, 0);
    session.add(main, 90, kinds.lockAcquired, mutex, 0);
    session.add(main, 100, kinds.dbQuery, 0, 95n);
    const [lane] = lanesOf(session);
    // await 30-50, b 20-30 and 50-60, a 10-20 and 60-90, the query 5-10 and 90-100.
    expect(lane).toMatchObject({ lifetime: 100, running: 5, await: 20, lock: 60, db: 15 });
  });

  test("several waits of one lane for one lock end one by one", () => {
    const session = new Recorded();
    const main = session.lane("main");
    const mutex = session.object("a");
    session.add(main, 0, kinds.lockWait, mutex, 0);
    session.add(main, 10, kinds.lockWait, mutex, 0);
    session.add(main, 20, kinds.lockAcquired, mutex, 0);
    session.add(main, 20, kinds.lockReleased, mutex, 0);
    session.add(main, 50, kinds.lockAcquired, mutex, 0);
    session.add(main, 70, kinds.lockReleased, mutex, 0);
    expect(lanesOf(session)[0]).toMatchObject({ lifetime: 70, running: 20, lock: 50 });
  });

  test("a duration longer than the lane's life counts from its start, a negative one not at all", () => {
    const session = new Recorded();
    const main = session.lane("main");
    session.add(main, 100, kinds.pauseIo, 50n);
    session.add(main, 150, kinds.pauseSleep, 500n);
    session.add(main, 160, kinds.pauseCall, -5n);
    expect(lanesOf(session)[0]).toMatchObject({ start: 100, lifetime: 60, running: 10, sleep: 50 });
  });
});

describe("what is missing", () => {
  test("a wait that does not end counts until the session's last record", () => {
    const session = new Recorded();
    const [main, worker] = [session.lane("main"), session.lane("worker")];
    session.add(worker, 0, kinds.noteText, "");
    session.add(worker, 10, kinds.lockWait, session.object("a"), 0);
    session.add(main, 100, kinds.noteText, "");
    expect(lanesOf(session)[0]).toMatchObject({ lane: worker, open: true, end: 100, running: 10, lock: 90 });
  });

  test("the process ends all lanes", () => {
    const session = new Recorded();
    const [main, worker] = [session.lane("main"), session.lane("worker")];
    session.add(worker, 0, kinds.threadJoin, main);
    session.add(main, 0, kinds.noteText, "");
    session.add(main, 80, kinds.processExit, 0n);
    session.cut();
    session.add(worker, 100, kinds.noteText, "too late to be one");
    const lanes = lanesOf(session);
    expect(lanes).toHaveLength(2);
    for (const lane of lanes) expect(lane).toMatchObject({ end: 80 });
    expect(lanes.map(({ open }) => open)).toEqual([undefined, undefined]);
  });

  test("records that were dropped hide how a wait ended", () => {
    const session = new Recorded();
    const main = session.lane("main");
    session.add(main, 0, kinds.noteText, "");
    session.add(main, 10, kinds.lockWait, session.object("a"), 0);
    session.drop(main, 3, 20);
    session.add(main, 90, kinds.noteText, "");
    const [lane] = lanesOf(session).filter(({ name }) => name === "main");
    expect(lane).toMatchObject({ unsure: "gap", lifetime: 90, running: 90 });
  });

  test("without its first block a lane begins in the middle, with the wait that the open set lists", () => {
    const session = new Recorded();
    const [main, worker] = [session.lane("main"), session.lane("worker")];
    const mutex = session.object("a");
    session.add(main, 0, kinds.noteText, "");
    session.add(worker, 5, kinds.noteText, "");
    session.add(worker, 10, kinds.lockWait, mutex, 0);
    session.cut();
    session.add(main, 50, kinds.noteText, "");
    session.add(worker, 60, kinds.lockAcquired, mutex, 0);
    session.add(worker, 70, kinds.threadExit, 0n);
    session.cut();
    const lanes = tablesOf(foldBlocks(session.blocks.slice(1))).lanes.map(told);
    expect(lanes).toHaveLength(2);
    expect(lanes[0]).toMatchObject({ lane: worker, start: 10, end: 70, lock: 50, unsure: "start, gap" });
    expect(lanes[1]).toMatchObject({ lane: main, start: 50, open: true, unsure: "start" });
  });

  test("a lane without records since blocks are missing may have ended in them", () => {
    const session = new Recorded();
    const [main, worker] = [session.lane("main"), session.lane("worker")];
    session.add(main, 0, kinds.noteText, "");
    session.add(worker, 0, kinds.noteText, "");
    session.cut();
    session.add(worker, 10, kinds.threadExit, 0n);
    session.cut();
    session.add(main, 20, kinds.noteText, "");
    session.cut();
    const [first, , third] = session.blocks;
    const lanes = tablesOf(foldBlocks([first!, third!])).lanes.map(told);
    expect(lanes).toEqual([
      expect.not.objectContaining({ unsure: "gap" }),
      expect.objectContaining({ lane: worker, open: true, unsure: "gap" }),
    ]);
  });

  test("what a lane records after its exit makes no other lane, but a start does", () => {
    const session = new Recorded();
    const task = session.lane("task", { kind: "task" });
    session.add(task, 0, kinds.threadStart, 0);
    session.add(task, 10, kinds.threadExit);
    session.add(task, 15, kinds.noteText, "late");
    session.cut();
    session.add(task, 20, kinds.noteText, "later");
    session.cut();
    session.add(task, 30, kinds.threadStart, 0);
    session.add(task, 50, kinds.threadExit);
    expect(lanesOf(session)).toMatchObject([
      { lifetime: 10, records: 4 },
      { start: 30, lifetime: 20, records: 2 },
    ]);
  });
});

test("tasks beyond 10,000 lanes are summed by name, threads are still listed", () => {
  const session = new Recorded();
  const main = session.lane("main");
  for (let task = 0; task < 10_500; task++) {
    const lane = session.lane("GET /", { kind: "task", parent: main });
    session.add(lane, task * 10, kinds.threadStart, main);
    session.add(lane, task * 10 + 4, kinds.pauseAwait, 4n);
    if (task !== 10_400) session.add(lane, task * 10 + 6, kinds.threadExit);
  }
  session.add(session.lane("late thread"), 105_000, kinds.noteText, "");
  const lanes = lanesOf(session);
  expect(lanes).toHaveLength(10_002);
  expect(lanes.at(-2)).toMatchObject({ name: "late thread", open: true, lanes: 1 });
  expect(lanes.at(-1)).toEqual({
    name: "GET /",
    kind: "task",
    start: 100_000,
    end: 105_000,
    open: true,
    lanes: 500,
    records: 1_499,
    lifetime: 499 * 6 + 1_000,
    running: 499 * 2 + 996,
    await: 500 * 4,
  });
});
