import { expect, test } from "@jest/globals";
import { Told } from "./told.ts";

test("of what was told only the oldest is forgotten", () => {
  const told = new Told(3);
  expect(["a", "b", "c", "d"].map((key) => told.add(key))).toEqual([true, true, true, true]);
  expect(["b", "c", "d"].map((key) => told.add(key))).toEqual([false, false, false]);
  expect(told.add("a")).toBe(true);
});
