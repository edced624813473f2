import { describe, expect, test } from "@jest/globals";
import { query } from "@wayward/api";
import { Tally } from "./tally.ts";

const MOST = 2n ** 63n - 1n;

describe("sums of one group", () => {
  test("are exact beyond what a double holds", () => {
    const tally = new Tally();
    for (const value of [2n ** 53n, 1n, 1n]) tally.group(["a"]).addRecord(value);
    expect(tally.finish("sum", 1).groups[0]).toMatchObject({ sum: 2n ** 53n + 2n, outOfRange: false });
  });

  test("that no message holds are the nearest that one does, and say so", () => {
    const tally = new Tally();
    tally.group(["price of -1"]).addRecord(2n ** 64n - 1n);
    tally.group(["price of -1"]).addRecord(220n);
    tally.group(["below"]).addRecord(-(2n ** 63n));
    tally.group(["below"]).addRecord(-1);
    tally.group(["float"]).addRecord(1e300);
    tally.group(["tea"]).addRecord(290n);
    const { groups, other } = tally.finish("count", 4);
    const of = (key: string) => groups.find(({ keys }) => keys[0] === key);
    expect(of("price of -1")).toMatchObject({ count: 2n, sum: MOST, min: 220n, max: MOST, outOfRange: true });
    expect(of("below")).toMatchObject({ sum: -MOST - 1n, max: -1n, outOfRange: true });
    expect(of("tea")).toMatchObject({ sum: 290n, outOfRange: false });
    expect(
      query.CountResponse.decode(
        query.CountResponse.encode(query.CountResponse.fromPartial({ groups, other })).finish(),
      ).groups,
    ).toEqual(groups);
  });

  test("of groups that are left over together stay in range too", () => {
    const tally = new Tally();
    for (const key of ["a", "b", "c"]) tally.group([key]).addRecord(MOST);
    expect(tally.finish("sum", 1).other).toMatchObject({ count: 2n, sum: MOST, outOfRange: true });
  });
});
