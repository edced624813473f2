import { expect, test } from "@jest/globals";
import type { ClientTable } from "@wayward/client";
import { withLeastTimes } from "./waits-table.ts";

const column = (name: string, type: "text" | "number" | "flag", unit = "") => ({ name, type, unit });

test("a wait of which nobody knows how it went on has waited at least so long", () => {
  const table: ClientTable = {
    name: "waits",
    columns: [column("lane", "text"), column("waited", "number", "ns"), column("at_least", "flag")],
    rows: [
      ["t1", 2_500_000_000, true],
      ["t2", 7_000, false],
    ],
  };
  expect(withLeastTimes(table)).toEqual({
    name: "waits",
    columns: table.columns.slice(0, 2),
    rows: [
      ["t1", "at least 2.50 s"],
      ["t2", 7_000],
    ],
  });
});

test("a server that does not say it yet is shown as before", () => {
  const table: ClientTable = {
    name: "waits",
    columns: [column("lane", "text"), column("waited", "number", "ns")],
    rows: [["t1", 5]],
  };
  expect(withLeastTimes(table)).toEqual(table);
});
