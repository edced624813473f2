import { expect, test } from "@jest/globals";
import { randomOf } from "./locks/testing/program.ts";
import { sortByTime } from "./time-order.ts";

/** Spans in nanoseconds that take one digit, two, three, and no digits at all. */
const SPANS = [1, 200, 3_000_000, 4_000_000_000, 90_000_000_000];

test.each(SPANS)("records of lanes that span %d ns are in order of time, then of lane and number", (span) => {
  for (let seed = 0; seed < 20; seed++) {
    const random = randomOf(seed);
    const lengths = Array.from({ length: 1 + random(6) }, () => random(300));
    const runs = lengths.map((count, lane) => ({ from: lengths.slice(0, lane).reduce((a, b) => a + b, 0), count }));
    const begun = random(1_000_000);
    const times = Float64Array.from(
      runs
        .flatMap(({ count }) => Array.from({ length: count }, () => begun + (span * random(1000)) / 1000))
        .map(Math.floor),
    );
    for (const { from, count } of runs) times.subarray(from, from + count).sort();
    const some = Uint32Array.from(times.keys()).filter(() => random(4) > 0);
    const expected = [...some].sort((a, b) => times[a]! - times[b]! || a - b);
    sortByTime(some, some.length, times, runs);
    expect([...some]).toEqual(expected);
  }
});
