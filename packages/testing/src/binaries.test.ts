import { describe, expect, test } from "@jest/globals";
import { isAtLeast } from "./tools.ts";

describe("isAtLeast", () => {
  test.each([
    ["2.15.2", "2.14.0", true],
    ["2.14.0", "2.14.0", true],
    ["2.9.30", "2.14.0", false],
    ["3.0.0", "2.14.9", true],
  ])("%s against %s: %s", (version, least, expected) => {
    expect(isAtLeast(version, least)).toBe(expected);
  });
});
