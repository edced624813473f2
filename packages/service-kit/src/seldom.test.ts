import { describe, expect, test } from "@jest/globals";
import { Seldom } from "./seldom.ts";

describe("what happens often", () => {
  test("has a line a minute, with how many had none", () => {
    const seldom = new Seldom();
    const at = [0, 1, 59_999, 60_000, 60_001, 200_000];
    expect(at.map((nowMs) => seldom.next("full", nowMs))).toEqual([0, undefined, undefined, 2, undefined, 1]);
  });

  test("does not hide another thing", () => {
    const seldom = new Seldom();
    expect([seldom.next("full", 0), seldom.next("gone", 1)]).toEqual([0, 0]);
  });
});
