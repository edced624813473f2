import { expect, test } from "@jest/globals";
import { Lru } from "./lru.ts";

test("keeps what was used last within its weight, though values grow after they were given out", () => {
  const lru = new Lru<{ size: number }>(1000, ({ size }) => size);
  for (let at = 0; at < 200; at++) {
    lru.set(`${at}`, { size: 10 });
    lru.get(`${at}`)!.size = 100;
  }
  expect(lru.get("199")).toBeDefined();
  const kept = Array.from({ length: 200 }, (_, at) => at).filter((at) => lru.get(`${at}`) !== undefined);
  // Those just given out are weighed when sixteen more were.
  expect(kept.length).toBeGreaterThanOrEqual(10);
  expect(kept.length).toBeLessThanOrEqual(26);
});

test("keeps one that is too heavy until the next comes", () => {
  const lru = new Lru<number>(10, (size) => size);
  lru.set("a", 50);
  expect(lru.get("a")).toBe(50);
  lru.set("b", 1);
  expect([lru.get("a"), lru.get("b")]).toEqual([undefined, 1]);
});
