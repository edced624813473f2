import { expect, test } from "@jest/globals";
import { selectionOf } from "./selection.ts";

const NOW_MS = Date.parse("2026-05-01T12:00:00Z");

test.each([
  ["5m", NOW_MS - 300_000],
  ["2026-05-01", Date.parse("2026-05-01")],
  ["2026-05-01T10:00Z", Date.parse("2026-05-01T10:00Z")],
  ["2026-05-01T10:00:00.5+02:00", Date.parse("2026-05-01T08:00:00.500Z")],
])("--from %s is a time", (from, ms) => {
  expect(selectionOf({ from }, NOW_MS).from).toBe(BigInt(ms) * 1_000_000n);
});

test.each(["5", "May 1", "2026", "2026-13-01", "yesterday", ""])("--from %j is refused", (from) => {
  expect(() => selectionOf({ from }, NOW_MS)).toThrow(`--from is "${from}", not an ISO 8601 time or an age such as 5m`);
});

test("a range that is empty is refused, and both ends are named", () => {
  expect(() => selectionOf({ from: "2m", until: "5m" }, NOW_MS)).toThrow('--from is "2m", not before --until "5m"');
  expect(selectionOf({ from: "5m", until: "2m" }, NOW_MS).until).toBe(BigInt(NOW_MS - 120_000) * 1_000_000n);
});
