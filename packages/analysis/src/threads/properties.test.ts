import { expect, test } from "@jest/globals";
import * as kinds from "@wayward/record";
import fc from "fast-check";
import type { Cell } from "../table.ts";
import { CAUSES } from "./causes.ts";
import { foldBlocks, Recorded, tablesOf } from "./testing/recorded.ts";

const LANES = 3;
const OBJECTS = 2;

type Do = (session: Recorded, lane: number, time: number, object: number, duration: number) => void;

const DO: readonly Do[] = [
  (session, lane, time) => session.add(lane, time, kinds.noteText, ""),
  (session, lane, time) => session.add(lane, time, kinds.threadStart, 0),
  (session, lane, time) => session.add(lane, time, kinds.threadExit, 0n),
  (session, lane, time, object) => session.add(lane, time, kinds.lockWait, object, 0),
  (session, lane, time, object) => session.add(lane, time, kinds.lockAcquired, object, 0),
  (session, lane, time, object) => session.add(lane, time, kinds.semaphoreWait, object),
  (session, lane, time, object) => session.add(lane, time, kinds.semaphoreTimedOut, object),
  (session, lane, time, object) => session.add(lane, time, kinds.conditionWait, object, 0),
  (session, lane, time, object) => session.add(lane, time, kinds.barrierWait, object, 2n),
  (session, lane, time) => session.add(lane, time, kinds.threadJoin, 1),
  (session, lane, time, _, duration) => session.add(lane, time, kinds.pauseAwait, BigInt(duration)),
  (session, lane, time, _, duration) => session.add(lane, time, kinds.pauseSleep, BigInt(duration)),
  (session, lane, time, object, duration) => session.add(lane, time, kinds.ioFsync, object, BigInt(duration)),
  (session, lane, time, _, duration) => session.add(lane, time, kinds.dbQuery, 0, BigInt(duration)),
];

const duration = fc.oneof(fc.nat(20), fc.nat(5_000_000), fc.nat(400_000_000));
const step = fc.record({
  what: fc.nat(DO.length - 1),
  lane: fc.nat(LANES - 1),
  object: fc.nat(OBJECTS - 1),
  pass: duration,
  took: duration,
  cut: fc.boolean(),
});

function record(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[], cuts: boolean): Recorded {
  const session = new Recorded();
  const lanes = Array.from({ length: LANES }, (_, at) => session.lane(`lane-${at}`));
  const objects = Array.from({ length: OBJECTS }, (_, at) => session.object(`object-${at}`));
  let time = 0;
  for (const { what, lane, object, pass, took, cut } of steps) {
    time += pass;
    DO[what]!(session, lanes[lane]!, time, objects[object]!, took);
    if (cuts && cut) session.cut();
  }
  session.cut();
  return session;
}

function sum(rows: readonly Record<string, Cell>[], name: string): number {
  return rows.reduce((total, row) => total + Number(row[name]), 0);
}

test("running and waits make a lane's life, and the profile adds up to the lanes", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const { lanes, activity } = tablesOf(foldBlocks(record(steps, true).blocks));
      for (const lane of lanes) {
        const waited = CAUSES.reduce((total, cause) => total + Number(lane[cause]), 0);
        expect(Number(lane.running) + waited).toBe(lane.lifetime);
        expect(lane.running).toBeGreaterThanOrEqual(0);
        expect(lane.lifetime).toBe(Number(lane.end) - Number(lane.start));
      }
      for (const name of ["running", ...CAUSES]) expect([name, sum(activity, name)]).toEqual([name, sum(lanes, name)]);
      for (const bucket of activity) expect(bucket.running).toBeGreaterThanOrEqual(0);
      expect(activity.length).toBeLessThanOrEqual(128);
    }),
    { numRuns: 100 },
  );
});

test("many blocks, with checkpoints between them, tell what one block tells", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const whole = tablesOf(foldBlocks(record(steps, false).blocks));
      expect(tablesOf(foldBlocks(record(steps, true).blocks, true))).toEqual(whole);
    }),
    { numRuns: 100 },
  );
});
