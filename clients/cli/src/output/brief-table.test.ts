import { expect, test } from "@jest/globals";
import type { ClientTable } from "@wayward/client";
import { withMergedSpans, withoutEmptyColumns } from "./brief-table.ts";

const number = (name: string) => ({ name, type: "number" as const, unit: "ns" });
const text = (name: string) => ({ name, type: "text" as const, unit: "" });

/** Two sessions' lanes over spans of 10 ns. */
const ACTIVITY = {
  name: "activity",
  columns: [text("session"), number("from"), number("until"), number("running"), number("lock"), number("io")],
  rows: [
    ["a", 0, 10, 10, 0, 0],
    ["a", 10, 20, 0, 20, 0],
    ["a", 20, 30, 0, 20, 0],
    ["a", 30, 40, 0, 20, 0],
    ["a", 40, 50, 10, 0, 0],
    ["b", 50, 60, 10, 0, 0],
    ["b", 70, 80, 10, 0, 0],
  ],
} as unknown as ClientTable;

test("spans in which the same went on are one, with what they add up to, session by session and without their holes", () => {
  expect(withMergedSpans(ACTIVITY).rows).toEqual([
    ["a", 0, 10, 10, 0, 0],
    ["a", 10, 40, 0, 60, 0],
    ["a", 40, 50, 10, 0, 0],
    ["b", 50, 60, 10, 0, 0],
    ["b", 70, 80, 10, 0, 0],
  ]);
});

test("columns that say nothing are left out, and a table without rows keeps them", () => {
  const { columns, rows } = withoutEmptyColumns(ACTIVITY);
  expect(columns.map(({ name }) => name)).toEqual(["session", "from", "until", "running", "lock"]);
  expect(rows[1]).toEqual(["a", 10, 20, 0, 20]);
  expect(withoutEmptyColumns({ ...ACTIVITY, rows: [] }).columns).toEqual(ACTIVITY.columns);
});
