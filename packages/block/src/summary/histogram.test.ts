import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { BUCKETS } from "../bucket.ts";
import { Histogram } from "./histogram.ts";

const added = fc.array(fc.tuple(fc.nat(BUCKETS - 1), fc.integer({ min: 1, max: 9 })), { maxLength: 30 });

test("a histogram has what was added, by rising bucket", () => {
  fc.assert(
    fc.property(added, (list) => {
      const histogram = new Histogram();
      const plain = new Map<number, number>();
      for (const [bucket, records] of list) {
        histogram.add(bucket, records);
        plain.set(bucket, (plain.get(bucket) ?? 0) + records);
      }
      const visited: [number, number][] = [];
      histogram.forEach((bucket, records) => {
        visited.push([bucket, records]);
      });
      expect(visited).toEqual([...plain].sort(([a], [b]) => a - b));
    }),
    { seed: 5 },
  );
});

test("a histogram's quantiles are the buckets of the records at those places", () => {
  fc.assert(
    fc.property(added, (list) => {
      const histogram = new Histogram();
      for (const [bucket, records] of list) histogram.add(bucket, records);
      const sorted = list.flatMap(([bucket, records]) => Array<number>(records).fill(bucket)).sort((a, b) => a - b);
      const shares = [0.01, 0.5, 0.5, 0.9, 1];
      const expected = sorted.length === 0 ? [] : shares.map((share) => sorted[Math.ceil(sorted.length * share) - 1]);
      expect(histogram.quantiles(shares)).toEqual(expected);
    }),
    { seed: 5 },
  );
});
