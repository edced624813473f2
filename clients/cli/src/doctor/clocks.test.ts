import { describe, expect, test } from "@jest/globals";
import { clocksFinding } from "./clocks.ts";

const reading = (of: string, aheadMs: number, uncertaintyMs = 500) => ({ of, aheadMs, uncertaintyMs });

describe("what doctor says of clocks", () => {
  test.each([
    ["agree", [reading("a", 0), reading("b", 300), reading("nats n1", -200, 5)], true],
    // This machine's clock is wrong, theirs are not.
    ["agree with each other", [reading("a", 90_000), reading("b", 90_400), reading("nats n1", 90_100, 5)], true],
    ["differ by what a reading cannot tell", [reading("a", 0), reading("b", 1_900)], true],
    ["differ", [reading("a", 0), reading("b", 0), reading("c", 5_000)], false],
    ["differ backwards", [reading("nats n1", 0, 2), reading("a", -4_000), reading("b", 100)], false],
  ])("that %s", (_, readings, ok) => {
    expect(clocksFinding(readings).ok).toBe(ok);
  });

  test("names whose is wrong, by how much and in which way", () => {
    expect(clocksFinding([reading("a", 0), reading("b", 0), reading("c", 5_000)])).toMatchObject({
      what: "c is at least 4.0 s ahead of the others",
      fix: expect.stringContaining("time service"),
    });
    expect(clocksFinding([reading("nats n1", 0, 0), reading("b", -10_000), reading("c", 0)]).what).toBe(
      "b is at least 9.5 s behind the others",
    );
  });
});
