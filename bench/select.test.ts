import { describe, expect, test } from "@jest/globals";
import { isAsked } from "./select.ts";

describe("isAsked", () => {
  test.each([
    ["P1a", ["P1"], true],
    ["P10", ["P1"], false],
    ["P10", ["P10"], true],
    ["M2", ["M"], true],
    ["P4b", ["P3b", "P4"], true],
    ["P3a", ["P3b"], false],
    ["L5", ["L"], true],
    ["P8a", undefined, true],
  ])("%s of %j: %j", (id, asked, expected) => {
    expect(isAsked(id, asked)).toBe(expected);
  });
});
