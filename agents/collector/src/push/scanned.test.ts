import { expect, test } from "@jest/globals";
import { Scanned } from "./scanned.ts";

test("a folder's blocks are fresh until found, in order, and remembered while they are listed", () => {
  const scanned = new Scanned();
  expect(scanned.fresh([12n, 3n, 11n])).toEqual([3n, 11n, 12n]);
  for (const seq of [3n, 11n]) scanned.found(seq);
  expect(scanned.fresh([3n, 11n, 12n])).toEqual([12n]);
  expect(scanned.fresh([12n])).toEqual([12n]);
  // Nothing is kept of what was released: a program that runs for years makes billions.
  expect(scanned.fresh([3n, 11n, 12n])).toEqual([3n, 11n, 12n]);
});
