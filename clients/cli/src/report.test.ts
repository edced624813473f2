import { expect, test } from "@jest/globals";
import { WaywardError } from "@wayward/base";
import { report } from "./report.ts";

test.each([
  ["STORE_EMPTY", "FAILED_PRECONDITION", 78],
  ["STORE_NOT_CONDITIONAL", "FAILED_PRECONDITION", 78],
  ["STORE_UNUSABLE", "UNAVAILABLE", 4],
  ["PORT_IN_USE", "FAILED_PRECONDITION", 1],
  ["BAD_CONFIG", "INVALID_ARGUMENT", 2],
] as const)("%s ends a command as it ends a service, or as its code says", (reason, code, exit) => {
  expect(report(new WaywardError(code, reason, "it is so"))).toBe(exit);
});
