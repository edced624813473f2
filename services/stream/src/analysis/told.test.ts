import { describe, expect, test } from "@jest/globals";
import type { ReportedFinding } from "@wayward/analysis";
import { AGAIN_MS, isWorthTelling, Told, toldNow } from "./told.ts";

const finding = (orders: readonly number[], changes: Partial<ReportedFinding> = {}): ReportedFinding => ({
  ...{ rule: "order.inversion", severity: "error", title: "", message: "", fingerprint: "0", count: 1 },
  ...{ first: 1n, last: 2n, sessions: ["s"], locks: [], evidence: [], unproven: "" },
  detail: { cycle: orders.map((count, index) => ({ from: `${index}`, to: `${index + 1}`, count })) },
  ...changes,
});

describe("a finding that was told", () => {
  const told = toldNow(finding([4, 1]), 0);
  const soon = { nowMs: AGAIN_MS - 1, isOver: false };
  const later = { nowMs: AGAIN_MS, isOver: false };

  test("is told again when an order was seen twice as often, and not at once", () => {
    expect(isWorthTelling(finding([8, 1]), told, soon)).toBe(false);
    expect(isWorthTelling(finding([8, 1]), told, later)).toBe(true);
    expect(isWorthTelling(finding([7, 1]), told, later)).toBe(false);
    expect(isWorthTelling(finding([4, 1]), told, later)).toBe(false);
  });

  test("is told a last time when its sessions are over and anything has changed", () => {
    const over = { nowMs: 1, isOver: true };
    expect(isWorthTelling(finding([5, 1]), told, over)).toBe(true);
    expect(isWorthTelling(finding([4, 1]), told, over)).toBe(false);
    expect(isWorthTelling(finding([4, 1], { count: 2 }), told, over)).toBe(true);
  });

  test("is told when it is worse or proven, and not the other way round", () => {
    const doubtful = finding([4, 1], { unproven: "records are missing", severity: "warning" });
    expect(isWorthTelling(finding([4, 1], { severity: "warning" }), toldNow(doubtful, 0), soon)).toBe(true);
    expect(isWorthTelling(finding([4, 1], { unproven: "so" }), toldNow(doubtful, 0), soon)).toBe(true);
    expect(isWorthTelling(doubtful, told, soon)).toBe(false);
  });
});

test("of what was told only the oldest is forgotten", () => {
  const told = new Told(3);
  for (const [atMs, key] of ["a", "b", "c", "a", "d"].entries()) told.set(key, toldNow(finding([]), atMs));
  expect(["a", "b", "c", "d"].map((key) => told.get(key)?.atMs)).toEqual([3, undefined, 2, 4]);
});
