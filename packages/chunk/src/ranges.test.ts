import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { RangeSet } from "./ranges.ts";

test("a range set holds what a set of its numbers holds, in the fewest ranges", () => {
  const range = fc.tuple(fc.nat(60), fc.nat(6));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (list) => {
      const set = new RangeSet();
      const model = new Set<number>();
      for (const [first, length] of list) {
        set.add(BigInt(first), BigInt(first + length));
        for (let value = first; value <= first + length; value++) model.add(value);
      }
      for (let value = 0; value < 70; value++) expect(set.has(BigInt(value))).toBe(model.has(value));
      for (let value = 0; value < 70; value++) {
        const isMet = [0, 1, 2].some((more) => model.has(value + more));
        expect(set.meets(BigInt(value), BigInt(value + 2))).toBe(isMet);
      }
      expect(set.size).toBe(BigInt(model.size));
      const ranges = set.toArray();
      for (const [at, { first }] of ranges.entries()) if (at > 0) expect(first > ranges[at - 1]!.last + 1n).toBe(true);
    }),
    { seed: 1 },
  );
});

test("a copy of a range set goes its own way, and so does the set", () => {
  const ranges = fc.array(fc.tuple(fc.nat(60), fc.nat(6)), { maxLength: 10 });
  const add = (set: RangeSet, list: readonly (readonly [number, number])[]) => {
    for (const [first, length] of list) set.add(BigInt(first), BigInt(first + length));
    return set;
  };
  fc.assert(
    fc.property(ranges, ranges, ranges, (before, toSet, toCopy) => {
      const set = add(new RangeSet(), before);
      const copy = add(set.copy(), toCopy);
      add(set, toSet);
      expect(copy.toArray()).toEqual(add(new RangeSet(), [...before, ...toCopy]).toArray());
      expect(set.toArray()).toEqual(add(new RangeSet(), [...before, ...toSet]).toArray());
    }),
    { seed: 1 },
  );
});

test("what is left of a range set without another is the difference of their numbers", () => {
  const ranges = fc.array(fc.tuple(fc.nat(60), fc.nat(6)), { maxLength: 12 });
  const setOf = (list: readonly (readonly [number, number])[]) =>
    RangeSet.from(list.map(([first, length]) => ({ first: BigInt(first), last: BigInt(first + length) })));
  fc.assert(
    fc.property(ranges, ranges, (these, those) => {
      const [set, other] = [setOf(these), setOf(those)];
      const left = set.minus(other);
      for (let value = 0n; value < 70n; value++) expect(left.has(value)).toBe(set.has(value) && !other.has(value));
      expect(set.toArray()).toEqual(setOf(these).toArray());
    }),
    { seed: 1 },
  );
  const huge = RangeSet.from([{ first: 0n, last: 2n ** 64n - 1n }]).minus(RangeSet.from([{ first: 7n, last: 7n }]));
  expect(huge.toArray()).toEqual([
    { first: 0n, last: 6n },
    { first: 8n, last: 2n ** 64n - 1n },
  ]);
  expect([huge.endOf(3n), huge.endOf(7n), huge.endOf(8n)]).toEqual([6n, undefined, 2n ** 64n - 1n]);
});
