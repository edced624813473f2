import { expect, test } from "@jest/globals";
import { Cache } from "./cache.ts";

test("keeps to its weight, though values grow after they were given out", () => {
  const cache = new Cache<{ size: number }>(4000, ({ size }) => size);
  for (let at = 0; at < 500; at++) {
    cache.set(`${at}`, { size: 10 });
    cache.get(`${at}`)!.size = 100;
  }
  expect(cache.get("499")).toBeDefined();
  const kept = Array.from({ length: 500 }, (_, at) => at).filter((at) => cache.get(`${at}`) !== undefined);
  expect(kept.length).toBeGreaterThanOrEqual(24);
  // Those just given out are weighed when sixteen more were.
  expect(kept.length).toBeLessThanOrEqual(57);
});

test("going round a little more than fits finds most of it", () => {
  const cache = new Cache<number>(1000, () => 1);
  let found = 0;
  for (let round = 0; round < 10; round++) {
    for (let at = 0; at < 1100; at++) {
      if (cache.get(`${at}`) !== undefined) found++;
      else cache.set(`${at}`, at);
    }
  }
  expect(found).toBeGreaterThan(9 * 1100 * 0.75);
});

test("a value that is set again replaces the one before", () => {
  const cache = new Cache<number>(10, (size) => size);
  cache.set("a", 3);
  cache.set("a", 5);
  expect(cache.get("a")).toBe(5);
});
