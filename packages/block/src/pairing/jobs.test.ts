import { describe, expect, test } from "@jest/globals";
import { Gather } from "../summary/gather.ts";
import { OpenJobs } from "./jobs.ts";

type Step = readonly [what: "enqueue" | "start" | "finish", time: number];
const ENQUEUE: Step = ["enqueue", 10];
const START: Step = ["start", 30];
const FINISH: Step = ["finish", 70];

/** What a job's records in these blocks come to: how many waits and runs and how long together, and how many jobs stay open. */
function play(...blocks: readonly (readonly Step[])[]) {
  const [wait, run] = [new Gather(() => {}), new Gather(() => {})];
  const jobs = new OpenJobs(wait, run);
  for (const steps of blocks) {
    for (const [what, time] of steps) jobs[what](1, 7, time, 1, 0, 0);
    jobs.endBlock();
  }
  const [waits, runs] = [wait, run].map((gather) => (gather.rows === 0 ? undefined : gather.stats(0)));
  return {
    wait: [waits?.count ?? 0, Number(waits?.sum ?? 0)],
    run: [runs?.count ?? 0, Number(runs?.sum ?? 0)],
    open: jobs.table.size,
  };
}

describe("a job", () => {
  test.each([
    [[ENQUEUE, START, FINISH]],
    [[ENQUEUE, FINISH, START]],
    [[START, ENQUEUE, FINISH]],
    [[START, FINISH, ENQUEUE]],
    [[FINISH, ENQUEUE, START]],
    [[FINISH, START, ENQUEUE]],
  ])("whose lanes are in any order in a block is measured and forgotten: %j", (steps) => {
    expect(play(steps)).toEqual({ wait: [1, 20], run: [1, 40], open: 0 });
  });

  test("is measured across blocks", () => {
    expect(play([ENQUEUE], [START], [FINISH])).toEqual({ wait: [1, 20], run: [1, 40], open: 0 });
    expect(play([ENQUEUE], [FINISH, START])).toEqual({ wait: [1, 20], run: [1, 40], open: 0 });
  });

  test("that another process enqueues, or that nobody starts, is forgotten with the block of its end", () => {
    expect(play([START], [FINISH])).toEqual({ wait: [0, 0], run: [1, 40], open: 0 });
    expect(play([ENQUEUE], [FINISH])).toEqual({ wait: [0, 0], run: [0, 0], open: 0 });
  });

  test("stays open while it waits or runs", () => {
    expect(play([ENQUEUE]).open).toBe(1);
    expect(play([START], [])).toEqual({ wait: [0, 0], run: [0, 0], open: 1 });
  });

  test("is another one where its number was used before", () => {
    const again = (by: number) => [ENQUEUE, START, FINISH].map(([what, time]): Step => [what, time + by]);
    expect(play([...again(0), ...again(100)])).toEqual({ wait: [2, 40], run: [2, 80], open: 0 });
    expect(play([START, FINISH, ["start", 130], ["finish", 170]])).toEqual({ wait: [0, 0], run: [2, 80], open: 0 });
    expect(play([START, FINISH, ...again(100).slice(0, 2)]).open).toBe(1);
  });
});
