import { describe, expect, test } from "@jest/globals";
import { HeldLocks } from "./held-locks.ts";

const [A, B, C] = [1, 2, 3];

describe("the locks that a lane holds", () => {
  test("end in any order", () => {
    const held = new HeldLocks();
    for (const lock of [A, B, C]) held.take(1, lock);
    held.give(1, B);
    expect(held.innermost(1)).toBe(C);
    held.give(1, C);
    expect(held.innermost(1)).toBe(A);
    held.give(1, A);
    expect(held.innermost(1)).toBe(0);
  });

  test("are each lane's own, and another lane may give them back", () => {
    const held = new HeldLocks();
    held.take(1, A);
    held.take(2, B);
    expect([1, 2, 3].map((lane) => held.innermost(lane))).toEqual([A, B, 0]);
    held.give(3, A);
    held.give(1, B);
    held.give(1, C);
    expect([1, 2, 3].map((lane) => held.innermost(lane))).toEqual([0, 0, 0]);
  });

  test("go when the lock ends, whoever holds it and how often", () => {
    const held = new HeldLocks();
    for (const lane of [1, 2, 2, 3]) held.take(lane, A);
    held.take(3, B);
    held.forget(A);
    expect([1, 2, 3].map((lane) => held.innermost(lane))).toEqual([0, 0, B]);
  });

  test("are forgotten beyond so many lanes and locks", () => {
    const held = new HeldLocks();
    for (let lane = 1; lane <= 3_000; lane++) held.take(lane, A);
    expect([1, 1_900, 2_000, 3_000].map((lane) => held.innermost(lane))).toEqual([0, 0, A, A]);
    for (let lock = 1; lock <= 100; lock++) held.take(5_000, lock);
    for (let lock = 100; lock > 52; lock--) {
      expect(held.innermost(5_000)).toBe(lock);
      held.give(5_000, lock);
    }
    expect(held.innermost(5_000)).toBe(0);
  });
});
