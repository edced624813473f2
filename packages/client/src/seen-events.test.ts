import { expect, test } from "@jest/globals";
import { SeenEvents } from "./seen-events.ts";

const numbers = (seen: SeenEvents, lane = 1, session = "s") =>
  Array.from({ length: 30 }, (_, at) => at).filter((at) => seen.has(session, lane, BigInt(at)));

test("what a filter left out between two events was seen; what a gap hid was not", () => {
  const seen = new SeenEvents();
  for (const eventNo of [0n, 3n]) seen.add("s", 1, eventNo);
  seen.gap("other");
  seen.add("s", 1, 5n);
  seen.gap("s");
  seen.add("s", 1, 10n);
  seen.add("s", 1, 11n);
  seen.gap("");
  seen.add("s", 1, 14n);
  expect(numbers(seen)).toEqual([0, 1, 2, 3, 4, 5, 10, 11, 14]);
  expect(numbers(seen, 2)).toEqual([]);
  const copy = seen.copy();
  copy.add("s", 1, 16n);
  expect([numbers(seen).slice(-2), numbers(copy).slice(-3)]).toEqual([
    [11, 14],
    [14, 15, 16],
  ]);
});

test("what comes late, from between others, hides nothing around it", () => {
  const seen = new SeenEvents();
  for (const eventNo of [0n, 20n, 7n, 9n]) seen.add("s", 1, eventNo);
  expect(numbers(seen).length).toBe(21);
  const apart = new SeenEvents();
  apart.add("s", 1, 0n);
  apart.gap("s");
  for (const eventNo of [20n, 7n, 9n]) apart.add("s", 1, eventNo);
  expect(numbers(apart)).toEqual([0, 7, 8, 9, 20]);
});

test("the oldest lanes go where there are too many", () => {
  const seen = new SeenEvents();
  for (let lane = 0; lane <= 100_000; lane++) seen.add("s", lane, 1n);
  expect([seen.has("s", 0, 1n), seen.has("s", 1, 1n), seen.has("s", 100_000, 1n)]).toEqual([false, true, true]);
});
