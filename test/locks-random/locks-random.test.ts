import { expect, test } from "@jest/globals";
import { countPrograms } from "./counts.ts";
import { explore } from "./explore.ts";
import { judge } from "./judge.ts";
import { FAMILIES, type Mode, type Program, type Step } from "./program.ts";
import { shrink } from "./shrink.ts";

/** `A` takes, `-A` releases; `Ar` and `AR` take as reader and as recursive one, `?A` tries. */
function lane(text: string): Step[] {
  const modes = new Map<string, Mode>();
  return text.split(" ").map((word): Step => {
    const [, sign, name, letter] = /^([-?]?)([A-D])([rR]?)$/.exec(word)!;
    const lock = "ABCD".indexOf(name!);
    if (sign === "-") return { op: "release", lock, mode: modes.get(name!)! };
    const mode: Mode = letter === "" ? "exclusive" : letter === "r" ? "shared" : "shared-recursive";
    modes.set(name!, mode);
    return { op: sign === "?" ? "try" : "acquire", lock, mode };
  });
}

test.each([
  ["two orders", ["A B -B -A", "B A -A -B"], true],
  ["one order", ["A B -B -A", "A B -B -A"], false],
  ["a lock around both", ["C A B -B -A -C", "C B A -A -B -C"], false],
  ["a circle of three", ["A B -B -A", "B C -C -B", "C A -A -C"], true],
  ["a try does not wait", ["A B -B -A", "B ?A -A -B"], false],
  ["what was tried for is held", ["?A B -B -A", "?B A -A -B"], true],
  ["readers pass readers", ["Ar B -B -A", "B Ar -A -B"], false],
  ["a writer that waits stops a reader", ["Ar B -B -A", "B Ar -A -B", "A -A"], true],
  ["but no recursive one", ["Ar B -B -A", "B AR -A -B", "A -A"], false],
] as const)("the search: %s", (_, lanes, deadlock) => {
  expect(explore(lanes.map(lane)).deadlock).toBe(deadlock);
});

test.each([
  ["guarded", ["C A B -B -A -C", "C B A -A -B -C"]],
  ["single-lane", ["A B -B -A B A -A -B"]],
  ["class-level", ["A B -A C -B -C", "C A -A -C"]],
  ["ordered", ["D A -D C -C -A", "D A -A C A -A -C -D"]],
] as const)("a report that is %s", (label, lanes) => {
  expect(judge(lanes.map(lane), "blocking")).toEqual({ reachable: false, reported: true, label });
});

test("a way round that passes a lock twice has the label of its cycles", () => {
  const lanes = ["B Ar C -B BR -B -A -C", "Ar Br Cr -C -B -A"];
  expect(judge(lanes.map(lane), "readers")).toEqual({ reachable: false, reported: true, label: "class-level" });
});

test("a wrong program is shrunk to what makes it wrong", () => {
  const program: Program = ["A C -C B -B -A", "D -D", "B A D -D -A -B"].map(lane);
  expect(shrink(program, (smaller) => explore(smaller).deadlock)).toEqual(["A B -B -A", "B A -A -B"].map(lane));
});

test.each(FAMILIES)("300 programs of the family %s", (family) => {
  const counts = countPrograms(family, 300, 1);
  expect(counts.wrong).toEqual([]);
  expect(counts.reachableReported).toBeGreaterThan(20);
  expect(counts.unreachableSilent).toBeGreaterThan(20);
});
